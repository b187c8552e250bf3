"""Initialisers: what they fill tensors with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import telegrad as tg

init = tg.nn.init


@pytest.fixture(autouse=True)
def seed() -> None:
    tg.manual_seed(7)


def filled(fill: Callable[..., Any], *shape: int, **settings: Any) -> Any:
    x = tg.nn.Parameter(tg.empty(*shape))
    assert fill(x, **settings) is x
    assert x.requires_grad
    assert x.is_leaf
    return x.detach().numpy().astype(np.float64)


DRAWN: dict[str, tuple[Callable[..., Any], dict[str, Any], Any]] = {
    "uniform": (init.uniform_, {"a": -1.0, "b": 3.0}, stats.uniform(-1, 4)),
    "normal": (init.normal_, {"mean": 2.0, "std": 3.0}, stats.norm(2, 3)),
    "truncated": (init.trunc_normal_, {"a": -1.0, "b": 0.5}, stats.truncnorm(-1, 0.5)),
    "xavier uniform": (init.xavier_uniform_, {"gain": 2.0}, stats.uniform(-0.4, 0.8)),
    "xavier normal": (init.xavier_normal_, {}, stats.norm(0, math.sqrt(2 / 150))),
    "kaiming uniform": (
        init.kaiming_uniform_, {"a": math.sqrt(5)}, stats.uniform(-1 / math.sqrt(50), 2 / math.sqrt(50))
    ),
    "kaiming normal": (
        init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "relu"}, stats.norm(0, math.sqrt(2 / 100))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_numbers_have_their_distribution(name: str) -> None:
    fill, settings, law = DRAWN[name]
    values = filled(fill, 100, 50, **settings).reshape(-1)
    assert stats.kstest(values, law.cdf).pvalue > 1e-4


def test_fixed_values() -> None:
    assert filled(init.ones_, 2, 2).tolist() == [[1, 1], [1, 1]]
    assert filled(init.zeros_, 2).tolist() == [0, 0]
    assert filled(init.constant_, 2, val=0.5).tolist() == [0.5, 0.5]
    assert filled(init.eye_, 2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 2, 3)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    x = filled(init.orthogonal_, *shape, gain=2.0).reshape(shape[0], -1)
    rows, columns = x.shape
    product = x @ x.T if rows <= columns else x.T @ x
    np.testing.assert_allclose(product, 4 * np.eye(min(rows, columns)), atol=1e-5)


def test_sparse_columns() -> None:
    x = filled(init.sparse_, 10, 6, sparsity=0.35)
    assert ((x == 0).sum(axis=0) == 4).all()


def test_dirac_kernels_hand_channels_on() -> None:
    x = filled(init.dirac_, 4, 2, 3, groups=2)
    expected = np.zeros((4, 2, 3))
    for channel in range(4):
        expected[channel, channel % 2, 1] = 1
    np.testing.assert_array_equal(x, expected)


def test_the_same_seed_fills_the_same() -> None:
    first = filled(init.normal_, 5)
    tg.manual_seed(7)
    assert filled(init.normal_, 5).tolist() == first.tolist()
    generator = tg.Generator().manual_seed(1)
    assert filled(init.uniform_, 5, generator=generator).tolist() != first.tolist()


@pytest.mark.torch
def test_gains_and_fans_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)
    for shape in ((3, 4), (3, 4, 5), (2, 3, 4, 5)):
        expected = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(*shape))
        assert init.fans(tg.empty(*shape)) == expected


CASES: dict[str, Callable[[Any], Any]] = {
    "gain": lambda m: m.nn.init.calculate_gain("cubic"),
    "slope": lambda m: m.nn.init.calculate_gain("leaky_relu", True),
    "fans": lambda m: m.nn.init.xavier_uniform_(m.empty(3)),
    "mode": lambda m: m.nn.init.kaiming_uniform_(m.empty(3, 2), mode="fan_sum"),
    "eye": lambda m: m.nn.init.eye_(m.empty(3)),
    "dirac": lambda m: m.nn.init.dirac_(m.empty(3)),
    "dirac groups": lambda m: m.nn.init.dirac_(m.empty(3, 2, 2), groups=2),
    "orthogonal": lambda m: m.nn.init.orthogonal_(m.empty(3)),
    "sparse": lambda m: m.nn.init.sparse_(m.empty(3), 0.5),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_is_refused_with_the_words_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as theirs:
        CASES[name](torch)
    with pytest.raises(type(theirs.value)) as mine:
        CASES[name](tg)
    assert str(mine.value) == str(theirs.value)


def test_warnings_and_old_names() -> None:
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        init.trunc_normal_(tg.empty(3), mean=9.0)
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        init.kaiming_normal_(tg.empty(0, 2))
    with pytest.warns(FutureWarning, match="deprecated in favor of `nn.init.constant_`"):
        assert init.constant(tg.empty(2), 3.0).tolist() == [3.0, 3.0]
    assert init.orthogonal_(tg.empty(0, 2)).shape == (0, 2)
