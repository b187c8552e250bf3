"""What convolutions and pools agree on."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.nn.functional.geometry import batched, per_dim, pooled_sizes, surrounded, unbatched
from tests.client.functions.comparing import close


def test_one_number_stands_for_all_dimensions() -> None:
    assert per_dim(2, 3, "stride") == (2, 2, 2)
    assert per_dim((2,), 3, "stride") == (2, 2, 2)
    assert per_dim([1, 2], 2, "stride") == (1, 2)
    with pytest.raises(ValueError, match="stride must either be a single int, or a tuple of 3 ints"):
        per_dim((1, 2), 3, "stride")


def test_single_samples_get_a_batch_and_lose_it() -> None:
    x, single = batched(tg.zeros(2, 3), 1, "conv1d")
    assert single
    assert x.shape == (1, 2, 3)
    assert unbatched(x, single).shape == (2, 3)
    with pytest.raises(RuntimeError, match=r"Expected 2D \(unbatched\) or 3D \(batched\) input to conv1d"):
        batched(tg.zeros(2), 1, "conv1d")


def test_numbers_around_and_away() -> None:
    x = np.arange(6.0).reshape(2, 3)
    close(surrounded(tg.tensor(x), (1,), (-1,), 9.0), [[9, 0, 1], [9, 3, 4]])
    same = tg.tensor(x)
    assert surrounded(same, (0,), (0,)) is same


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation", "ceil", "count"),
    [
        (7, 3, 2, 0, 1, False, 3),
        (8, 3, 2, 0, 1, False, 3),
        (8, 3, 2, 0, 1, True, 4),
        (5, 2, 3, 1, 1, True, 2),  # a third window would see padding alone
        (9, 3, 1, 1, 2, False, 7),
    ],
)
def test_counts_of_windows(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool, count: int
) -> None:
    found = pooled_sizes((1, size), (kernel,), (stride,), (padding,), (dilation,), ceil_mode=ceil)
    assert found == (count,)


def test_windows_that_do_not_fit() -> None:
    words = r"Given input size: \(2x3x3\). Calculated output size: \(2x0x0\). Output size is too small"
    with pytest.raises(RuntimeError, match=words):
        pooled_sizes((1, 2, 3, 3), (4, 4), (1, 1), (0, 0), (1, 1), ceil_mode=False)
    with pytest.raises(ValueError, match="stride should not be zero"):
        pooled_sizes((3,), (1,), (0,), (0,), (1,), ceil_mode=False)
