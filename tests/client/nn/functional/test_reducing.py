"""From losses of elements to the loss of all."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.nn.functional.reducing import chosen, positive_part, reduced, reduced_openly, weighted_mean
from tests.client.functions.comparing import close

X = np.array([[1.0, -2.0], [3.0, 0.0]])


def test_reductions() -> None:
    x = tg.tensor(X)
    close(reduced(x, "none"), X)
    close(reduced(x, "sum"), 2.0)
    close(reduced(x, "mean"), 0.5)
    close(weighted_mean(x, tg.tensor([[1.0, 3.0], [0.0, 0.0]], dtype=tg.float64)), 0.5)


def test_the_reduction_names_the_node() -> None:
    x = tg.tensor(X, requires_grad=True)
    assert reduced_openly(x * 1, "mean").grad_fn.name() == "MeanBackward0"
    assert reduced_openly(x * 1, "none").grad_fn.name() == "MulBackward0"


def test_the_old_arguments_win_and_warn() -> None:
    for arguments, expected in (((True, False), "none"), ((False, None), "sum"), ((None, True), "mean")):
        with pytest.warns(UserWarning, match=f"please use reduction='{expected}'"):
            assert chosen("mean", *arguments) == expected
    with pytest.raises(ValueError, match="total is not a valid value for reduction"):
        chosen("total", None, None)


def test_the_positive_part_has_slope_1_at_0() -> None:
    x = tg.tensor(X, requires_grad=True)
    y = positive_part(x)
    y.sum().backward()
    close(y, np.maximum(X, 0))
    close(x.grad, [[1.0, 0.0], [1.0, 1.0]])
