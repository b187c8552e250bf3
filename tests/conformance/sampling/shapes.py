"""Hypothesis strategies for shapes, tensors and numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from tests.conformance.sampling.givens import DTYPES, Given, numbers_of

Draw = Callable[[st.SearchStrategy[Any]], Any]

#: Few elements suffice: what goes wrong goes wrong for small shapes, 0-d and empty ones.
SIZES: Final = (1, 2, 3, 0, 4)
shapes = (
    st.lists(st.sampled_from(SIZES), min_size=0, max_size=5)
    .filter(lambda s: np.prod(s, dtype=int) <= 200)
    .map(tuple)
)
dtypes = st.sampled_from(DTYPES)
COMMON: Final = ("float32", "float64", "int64", "bool", "float16", "uint8", "complex64", "int32")
common_dtypes = st.sampled_from(COMMON)
#: Several small numbers, not a large one: among integers beyond 100 hypothesis mixes those that stand in the
#: source of whatever modules the process has loaded, and the calls would change with them.
seeds = st.tuples(*[st.integers(0, 99)] * 4)
modes = st.sampled_from(("plain", "plain", "small", "special"))
scalars = st.one_of(
    st.sampled_from((0, 1, 2, -1, 3, -2, 7, True, False, 0.0, -0.0, 0.5, 1.0, -1.5, 2.5, 1e10)),
    st.sampled_from((float("inf"), float("-inf"), float("nan"), 1 + 2j, 2**31, -(2**63), 2**63 - 1, 300)),
)


def tensor(
    draw: Draw, shape: tuple[int, ...] | None = None, dtype: str | None = None, mode: str | None = None
) -> Given:
    """A tensor, of a drawn shape, type and kind of numbers where none is named."""
    shape = draw(shapes) if shape is None else shape
    dtype = draw(dtypes) if dtype is None else dtype
    mode = draw(modes) if mode is None else mode
    return Given(numbers_of(np.random.default_rng(draw(seeds)), dtype, shape, mode=mode))


def partner(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that goes together with another, or, now and then, does not."""
    kind = draw(st.sampled_from(("same", "same", "stretched", "shorter", "longer", "scalar", "any")))
    if kind == "stretched":
        return tuple(1 if draw(st.booleans()) else n for n in shape)
    if kind == "shorter":
        return shape[draw(st.integers(0, len(shape))) :]
    if kind == "longer" and len(shape) < 5:
        return (draw(st.sampled_from((1, 2))), *shape)
    if kind == "scalar":
        return ()
    return draw(shapes) if kind == "any" else shape


def axis(draw: Draw, ndim: int) -> int:
    """A dimension, from either end; one time in eight there is none such."""
    reach = max(ndim, 1)
    if draw(st.integers(0, 7)) == 7:
        return draw(st.sampled_from((reach, -reach - 1, reach + 3)))
    return draw(st.integers(-reach, reach - 1))


def axes(draw: Draw, ndim: int) -> Any:
    """What a reduction takes as dim: nothing, one, several, all, none, one twice."""
    kind = draw(st.sampled_from(("one", "several", "empty", "none", "tuple", "twice")))
    if kind == "none":
        return None
    if kind == "one":
        return axis(draw, ndim)
    if kind == "empty":
        return []
    if kind == "twice":
        return [0, draw(st.sampled_from((0, -max(ndim, 1), -1)))]
    count = draw(st.integers(1, max(ndim, 1)))
    found = draw(st.permutations(range(max(ndim, 1))))[:count]
    found = [a - max(ndim, 1) if draw(st.booleans()) else a for a in found]
    return tuple(found) if kind == "tuple" else found
