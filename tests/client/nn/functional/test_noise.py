"""Noise in training: its statistics, its gradients, its absence out of training."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional


@pytest.fixture(autouse=True)
def _seed() -> None:
    tg.manual_seed(3)


def test_dropout_keeps_sums_on_average() -> None:
    x = tg.ones(20_000, requires_grad=True)
    y = F.dropout(x, 0.3)
    y.sum().backward()
    values = y.detach().numpy()
    np.testing.assert_allclose(np.unique(values), [0, 1 / 0.7], rtol=1e-6)
    assert abs((values == 0).mean() - 0.3) < 0.02
    close(x.grad, values)


def test_the_ends_of_dropout() -> None:
    x = tg.ones(4)
    close(F.dropout(x, 0.0), np.ones(4))
    close(F.dropout(x, 1.0), np.zeros(4))
    assert F.dropout(x, 0.5, training=False) is x
    y = tg.ones(1000)
    assert F.dropout(y, 0.5, inplace=True) is y
    assert 400 < int((y == 0).sum()) < 600


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_whole_channels_are_dropped(dims: int) -> None:
    x = tg.ones(50, 20, *[3] * dims)
    y = getattr(F, f"dropout{dims}d")(x, 0.5).numpy().reshape(1000, -1)
    assert (y == y[:, :1]).all()
    assert abs((y[:, 0] == 0).mean() - 0.5) < 0.1


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = tg.randn(40_000)
    y = F.alpha_dropout(x, 0.2, training=True).numpy()
    assert abs(y.mean()) < 0.05
    assert abs(y.var() - 1) < 0.1
    assert F.alpha_dropout(x, 0.2) is x
    channels = F.feature_alpha_dropout(tg.ones(30, 10, 4), 0.5, training=True).numpy()
    assert (channels == channels[..., :1]).all()


def test_slopes_are_drawn_between_their_bounds() -> None:
    x = tg.full((1000,), -1.0)
    y = -F.rrelu(x, 0.1, 0.3, training=True).numpy()
    assert (y >= 0.1).all()
    assert (y < 0.3).all()
    assert y.std() > 0.03


def test_draws_of_classes() -> None:
    logits = tg.tensor(np.log([[0.2, 0.8]])).expand(4000, 2).clone().requires_grad_()
    hard = F.gumbel_softmax(logits, hard=True)
    close(hard.sum(1), np.ones(4000))
    assert abs(hard.detach().numpy()[:, 1].mean() - 0.8) < 0.03
    hard[:, 0].sum().backward()
    assert np.abs(logits.grad.numpy()).max() > 0


@pytest.mark.torch
def test_out_of_training_it_is_torchs() -> None:
    agree(lambda t: t.F.rrelu(t.leaf(5), 0.1, 0.3), names=False, second=False)
    fail_alike(lambda t: t.F.dropout(t.leaf(2), 1.5))
