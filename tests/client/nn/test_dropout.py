"""Dropout layers: what is drawn, and that nothing is out of training."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn

KINDS = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


def shape_for(name: str) -> tuple[int, ...]:
    return (4, 3) + (2,) * {"Dropout1d": 1, "Dropout2d": 2, "Dropout3d": 3}.get(name, 0)


@pytest.mark.torch
@pytest.mark.parametrize("name", KINDS)
def test_layers_are_those_of_torch_out_of_training(name: str) -> None:
    agree(lambda nn: getattr(nn, name)(0.3), numbers(*shape_for(name)), train=False)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_happens_out_of_training(name: str) -> None:
    x = tg.tensor(numbers(*shape_for(name)))
    assert getattr(nn, name)().eval()(x).tolist() == x.tolist()
    assert repr(getattr(nn, name)(0.2)) == f"{name}(p=0.2, inplace=False)"


def test_as_many_are_dropped_as_is_said_and_the_others_scaled_up() -> None:
    tg.manual_seed(3)
    kept = nn.Dropout(0.3)(tg.ones(10_000)).numpy()
    np.testing.assert_allclose(np.unique(kept), [0.0, 1 / 0.7], rtol=1e-6)
    assert stats.binomtest(int((kept == 0).sum()), 10_000, 0.3).pvalue > 1e-4


def test_channels_are_dropped_whole() -> None:
    tg.manual_seed(4)
    kept = nn.Dropout2d(0.5)(tg.ones(8, 16, 3, 3)).numpy().reshape(128, 9)
    assert set(map(float, kept.std(axis=1))) == {0.0}
    assert 20 < (kept[:, 0] == 0).sum() < 108


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    tg.manual_seed(5)
    x = nn.SELU()(tg.randn(50_000))
    y = nn.AlphaDropout(0.2)(x).numpy()
    assert abs(y.mean() - x.numpy().mean()) < 0.03
    assert abs(y.std() - x.numpy().std()) < 0.03


def test_the_same_seed_drops_the_same() -> None:
    layer, x = nn.Dropout(), tg.ones(100)
    tg.manual_seed(6)
    first = layer(x).tolist()
    second = layer(x).tolist()
    tg.manual_seed(6)
    assert layer(x).tolist() == first
    assert first != second


def test_shares_outside_0_and_1_are_refused() -> None:
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        nn.Dropout(1.5)
