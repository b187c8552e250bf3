"""Softmax and its logarithm."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import telegrad as tg
from tests.client.beside_torch import Case, agree
from tests.client.functions.comparing import close

X = np.random.default_rng(3).standard_normal((3, 4)) * 3


def test_values_are_scipys() -> None:
    x = tg.tensor(X)
    close(tg.softmax(x, 1), special.softmax(X, 1))
    close(x.log_softmax(0), special.log_softmax(X, 0))
    close(tg.nn.functional.softmin(x, 1), special.softmax(-X, 1))
    close(tg.softmax(x, -1, dtype=tg.float32), special.softmax(X, 1))


def test_large_numbers_do_not_overflow() -> None:
    x = tg.tensor([1e4, 1e4 - 1, -1e4], dtype=tg.float64, requires_grad=True)
    y = tg.log_softmax(x, 0)
    close(y, special.log_softmax(np.array([1e4, 1e4 - 1, -1e4])))
    y.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_a_dimension_left_out_warns() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        close(tg.nn.functional.softmax(tg.tensor(X)), special.softmax(X, 1))


TORCH: dict[str, Case] = {
    "softmax": lambda t: t.m.softmax(t.leaf(3, 4), 1),
    "softmax 0-d": lambda t: t.m.softmax(t.leaf(), 0),
    "softmax empty": lambda t: t.m.softmax(t.leaf(0, 3), 0),
    "log_softmax": lambda t: t.F.log_softmax(t.leaf(2, 3, 4), 1),
    "softmin": lambda t: t.F.softmin(t.leaf(2, 3), 0),
    "as float32": lambda t: t.F.softmax(t.leaf(2, 3), 0, dtype=t.m.float32),
    "left out": lambda t: t.m.log_softmax(t.leaf(of=[[0.0, -np.inf, 1.0]]), 1).exp(),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    single = case is TORCH["as float32"]
    agree(
        case,
        second=case is not TORCH["left out"],
        rtol=1e-6 if single else 1e-8,
        atol=1e-7 if single else 1e-10,
    )


def test_a_truth_value_cannot_be_negated() -> None:
    with pytest.raises(RuntimeError, match="Negation"):
        tg.nn.functional.softmin(tg.tensor([True, False]), 0, dtype=tg.float64)
