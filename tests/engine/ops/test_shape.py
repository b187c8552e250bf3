"""Moving elements, beside torch and NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch, build_of
from tests.engine.ops.graphs import numbers


@pytest.mark.torch
def test_moves() -> None:
    import torch

    x = np.arange(24.0).reshape(2, 3, 4)
    assert_as_torch("transpose", lambda t: t.permute(2, 0, 1), x, perm=(2, 0, 1), orders=2)
    assert_as_torch("flip", lambda t: t.flip(0, 2), x, axes=(0, 2))
    assert_as_torch("reshape", lambda t: t.reshape(4, 6), x, shape=(4, 6))
    assert_as_torch("broadcast_to", lambda t: t.broadcast_to(5, 2, 3, 4), x, shape=(5, 2, 3, 4))
    assert_as_torch(
        "slice", lambda t: t[:, 1:2, ::3], x, starts=(0, 1, 0), limits=(2, 2, 4), strides=(1, 1, 3), orders=2
    )
    assert_as_torch("concatenate", lambda a, b: torch.cat([a, b], 1), x, x[:, :1].copy(), axis=1)


@pytest.mark.torch
@pytest.mark.parametrize(("low", "high"), [(1, 2), (-1, 2), (3, -2), (-1, -1)])
def test_padding_and_cropping(low: int, high: int) -> None:
    import torch

    assert_as_torch(
        "pad",
        lambda t: torch.nn.functional.pad(t, (low, high), value=7.0),
        np.arange(8.0).reshape(2, 4),
        low=(0, low),
        high=(0, high),
        interior=(0, 0),
        value=7.0,
    )


@pytest.mark.parametrize("low", [-7, -2, -1, 0, 3])
@pytest.mark.parametrize("high", [-3, 0, 7])
@pytest.mark.parametrize("gap", [0, 1, 2])
def test_padding_between_elements(low: int, high: int, gap: int) -> None:
    x = np.arange(1.0, 5.0)
    spread = np.full(4 + 3 * gap, -1.0)
    spread[:: gap + 1] = x
    wide = np.pad(spread, 10, constant_values=-1.0)[10 - low : len(spread) + 10 + high]
    if len(spread) + low + high < 0:
        return
    made = build_of("pad", {"low": (low,), "high": (high,), "interior": (gap,), "value": -1.0})
    np.testing.assert_array_equal(numbers(made, [x])[0], wide)


def test_writing_over_a_slice_leaves_the_rest() -> None:
    attrs = {"starts": (1, 0), "limits": (3, 4), "strides": (1, 3)}
    x = np.zeros((3, 4))
    (out,) = numbers(build_of("set_slice", attrs), [x, np.ones((2, 2))])
    assert out.tolist() == [[0, 0, 0, 0], [1, 0, 0, 1], [1, 0, 0, 1]]
