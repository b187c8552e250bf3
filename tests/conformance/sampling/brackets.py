"""Arguments of reading and writing by index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.conformance.sampling.givens import Given
from tests.conformance.sampling.shapes import Draw, scalars, seeds, tensor

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Source = Callable[[Draw], Arguments]


def index(draw: Draw, shape: tuple[int, ...]) -> Any:
    """What stands between brackets: numbers, slices, None, ..., masks, lists, tensors, tuples of these."""
    parts: list[Any] = []
    rest = list(shape)
    for _ in range(draw(st.integers(1, 3))):
        size = rest[0] if rest else 1
        kind = draw(
            st.sampled_from(("number", "slice", "none", "dots", "mask", "list", "tensor", "bool", "slice"))
        )
        if kind == "number":
            parts.append(draw(st.integers(-size - (draw(st.integers(0, 5)) == 5), max(size - 1, 0))))
        elif kind == "slice":
            bound = st.one_of(st.none(), st.integers(-4, 4))
            parts.append(
                slice(
                    draw(bound),
                    draw(bound),
                    draw(
                        st.sampled_from((None, 1, 2, 3, -1) if not draw(st.integers(0, 6)) else (None, 1, 2))
                    ),
                )
            )
        elif kind == "none":
            parts.append(None)
            continue
        elif kind == "dots":
            if Ellipsis not in [p for p in parts if not isinstance(p, Given)]:
                parts.append(Ellipsis)
                rest = rest[-1:]
            continue
        elif kind == "bool":
            parts.append(draw(st.booleans()))
            continue
        elif kind == "list":
            parts.append([draw(st.integers(-size, max(size - 1, 0))) for _ in range(draw(st.integers(1, 3)))])
        else:
            rng = np.random.default_rng(draw(seeds))
            if kind == "mask":
                parts.append(Given(rng.random(size) < 0.5))
            else:
                form = draw(st.sampled_from(((), (1,), (2,), (2, 2), (2, 1), (0,))))
                width = draw(st.sampled_from(("int64", "int64", "int32", "uint8", "int8")))
                low = 0 if width == "uint8" else -size
                parts.append(Given(rng.integers(low, max(size, 1), size=form).astype(width)))
        rest = rest[1:]
    return parts[0] if len(parts) == 1 else tuple(parts)


def get_item(draw: Draw) -> Arguments:
    """A tensor and what stands between brackets."""
    x = tensor(draw)
    return (x, index(draw, x.numbers.shape)), {}


def set_item(draw: Draw) -> Arguments:
    """A tensor, what stands between brackets, and what is written there."""
    x = tensor(draw)
    value = (
        draw(scalars)
        if draw(st.booleans())
        else tensor(
            draw,
            draw(st.sampled_from(((), (1,), (2,), (3,), (2, 1)))),
            draw(st.sampled_from((x.dtype, x.dtype, "int64", "float32"))),
        )
    )
    return (x, index(draw, x.numbers.shape), value), {}
