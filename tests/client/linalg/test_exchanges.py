"""Row exchanges as a list, as a permutation, as a matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

import telegrad as tg
from telegrad import _primitives as p
from telegrad.linalg.exchanges import matrix_of, order_of, pivots_of
from tests.client.functions.comparing import close


@pytest.mark.parametrize("shape", [(5, 5), (5, 3), (3, 5), (1, 1)])
def test_lists_are_lapacks(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(shape).standard_normal(shape)
    factors, order = p.lu(tg.tensor(x))
    expected, swaps = linalg.lu_factor(x)
    pivots = pivots_of(order, min(shape))
    assert pivots.dtype is tg.int32
    close(factors, expected)
    close(pivots, swaps + 1)
    close(order_of(pivots, shape[0]), order.numpy())


def test_the_matrix_puts_the_rows_back() -> None:
    x = np.random.default_rng(1).standard_normal((2, 4, 4))
    _, order = p.lu(tg.tensor(x))
    lower_upper = np.take_along_axis(x, order.numpy()[..., None], 1)
    close(matrix_of(order, tg.float64) @ tg.tensor(lower_upper), x)


def test_nothing_to_exchange() -> None:
    assert pivots_of(tg.zeros(2, 0, dtype=tg.int64), 0).shape == (2, 0)
    close(order_of(tg.zeros(2, 0, dtype=tg.int32), 3), [[0, 1, 2], [0, 1, 2]])
