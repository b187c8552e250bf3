"""Draws beyond the uniform and the normal, and what they refuse; distributions are in test_draws.py."""

from __future__ import annotations

import pytest

import telegrad as tg


def test_counts() -> None:
    rates = tg.tensor([[0.0, 3.0], [50.0, 1e4]])
    drawn = tg.poisson(rates)
    assert drawn.shape == (2, 2)
    assert drawn.dtype is tg.float32
    assert drawn[0, 0].item() == 0
    assert tg.binomial(tg.tensor([3.0, 5.0]), tg.tensor([[1.0], [0.0]])).tolist() == [[3, 5], [0, 0]]
    assert not tg.poisson(rates.requires_grad_()).requires_grad
    with pytest.raises(RuntimeError, match="not implemented"):
        tg.poisson(tg.tensor([1, 2]))
    with pytest.raises(RuntimeError, match="invalid Poisson rate"):
        tg.poisson(tg.tensor([-1.0])).item()


def test_gammas_and_shares_have_gradients() -> None:
    a = tg.tensor([0.5, 2.0, 9.0], dtype=tg.float64, requires_grad=True)
    x = tg._standard_gamma(a)
    x.sum().backward()
    assert a.grad.tolist() == pytest.approx(tg._standard_gamma_grad(a, x).tolist())
    (shares_grad,) = tg.autograd.grad(tg._sample_dirichlet(a)[0], a)
    assert shares_grad[0] > 0
    assert (shares_grad[1:] < 0).all()
    x = tg.tensor([0.2, 0.3, 0.5], dtype=tg.float64)
    assert tg._dirichlet_grad(x, a.detach(), a.detach().sum()).shape == (3,)


def test_filling() -> None:
    x = tg.zeros(4, dtype=tg.int64)
    assert x.geometric_(0.25) is x
    assert (x >= 1).all()
    assert tg.zeros(3).cauchy_(1.0, 2.0).isfinite().all()
    assert (tg.zeros(3).log_normal_() > 0).all()
    for attempt in (
        lambda: x.geometric_(1.0),
        lambda: tg.zeros(1).cauchy_(0, 0),
        lambda: tg.zeros(1).log_normal_(0, 0),
        lambda: tg.zeros(1, dtype=tg.int64).cauchy_(),
    ):
        with pytest.raises((RuntimeError, TypeError), match=r"expects|not implemented"):
            attempt()


def test_positions_go_where_positions_belong() -> None:
    weights = tg.ones(1, 3)
    positions = tg.empty(1, 2, dtype=tg.int64)
    assert tg.multinomial(weights, 2, out=positions) is positions
    with pytest.raises(RuntimeError, match="multinomial expects Long tensor out, got: float64"):
        tg.multinomial(weights, 2, out=tg.empty(1, 2, dtype=tg.float64))


def test_arguments_of_another_kind() -> None:
    weights = tg.ones(3)
    with pytest.raises(TypeError, match="'num_samples' must be int, not bool"):
        tg.multinomial(weights, True)
    with pytest.raises(TypeError, match="'replacement' must be bool, not int"):
        tg.multinomial(weights, 2, -1)
    with pytest.raises(RuntimeError, match="found dtype float64 but expected float32"):
        tg.binomial(weights, weights.double())
    with pytest.raises(RuntimeError, match="cauchy_"):
        tg.ones(2, dtype=tg.int64).cauchy_()
