"""Every sampler: its distribution, by moments and Kolmogorov-Smirnov or chi-squared; independence of streams.

Thresholds are such that a right sampler fails for less than one seed in a million; `TELEGRAD_TEST_SEED` sets
another seed, which is printed. The samplers of `distributions` are in `distributions/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from tests.conftest import SEED

COUNT = 20_000
LEAST_P = 1e-6
#: Errors that a mean may be off: of normal errors one in a hundred million is larger than 5.73.
FAR = 5.73

Array = np.ndarray[Any, Any]
F = tg.nn.functional
init = tg.nn.init


@pytest.fixture(autouse=True)
def seeded() -> None:
    print(f"seed: {SEED}")
    tg.manual_seed(SEED)


def empty(*shape: int, dtype: Any = tg.float64) -> tg.Tensor:
    return tg.zeros(*(shape or (COUNT,)), dtype=dtype)


def assert_law(drawn: Array, law: Any, *, least: float = LEAST_P) -> None:
    """Passes where numbers are distributed by a continuous law, and their mean and variance are its own."""
    drawn = np.asarray(drawn, float).reshape(-1)
    assert stats.kstest(drawn, law.cdf).pvalue > least
    mean, variance = law.stats("mv")
    if np.isfinite(variance):
        assert abs(drawn.mean() - mean) < FAR * math.sqrt(variance / drawn.size)
        fourth = float(law.stats("k")) + 2
        if np.isfinite(fourth):
            # The variance's own error; laws with long tails get more room, for it is not normal then.
            room = FAR * variance * math.sqrt(fourth / drawn.size) * (1 + fourth / 10)
            assert abs(drawn.var() - variance) < room


def assert_shares(counts: Any, shares: Any) -> None:
    """Passes where counts are those of draws with these chances; nothing is counted where there is none."""
    counts, shares = np.asarray(counts, float), np.asarray(shares, float)
    assert counts[shares == 0].sum() == 0
    keep = shares > 0
    assert stats.chisquare(counts[keep], shares[keep] / shares.sum() * counts.sum()).pvalue > LEAST_P


def assert_counts(drawn: Array, law: Any) -> None:
    """Passes where numbers are distributed by a discrete law."""
    drawn = np.asarray(drawn, float).reshape(-1)
    assert (drawn == np.round(drawn)).all()
    low, high = int(law.ppf(1e-3)), int(law.ppf(1 - 1e-3))
    cuts, last = [], 0.0
    for k in range(low, high + 1):
        if law.cdf(k) - last > 0.005 and law.sf(k) > 0.005:
            cuts.append(k + 0.5)
            last = law.cdf(k)
    bounds = np.array([-np.inf, *cuts, np.inf])
    assert_shares(np.histogram(drawn, bounds)[0], np.diff(law.cdf(bounds)))


def _bound(fan: int, gain: float = 1.0) -> float:
    return gain * math.sqrt(3.0 / fan)


W = (80, 250)  # a weight: 250 inputs, 80 outputs

CONTINUOUS: dict[str, tuple[Callable[[], tg.Tensor], Any]] = {
    "rand": (lambda: tg.rand(COUNT, dtype=tg.float64), stats.uniform()),
    "rand float32": (lambda: tg.rand(COUNT), stats.uniform()),
    "rand_like": (lambda: tg.rand_like(empty()), stats.uniform()),
    "randn": (lambda: tg.randn(COUNT, dtype=tg.float64), stats.norm()),
    "randn float32": (lambda: tg.randn(COUNT), stats.norm()),
    "randn_like": (lambda: tg.randn_like(empty()), stats.norm()),
    "randn complex": (lambda: tg.view_as_real(tg.randn(COUNT, dtype=tg.complex128)), stats.norm(0, 0.5**0.5)),
    "normal": (lambda: tg.normal(3.0, 2.0, (COUNT,)), stats.norm(3, 2)),
    "normal of tensors": (lambda: tg.normal(empty() + 3, empty() + 2), stats.norm(3, 2)),
    "uniform_": (lambda: empty().uniform_(-1, 4), stats.uniform(-1, 5)),
    "normal_": (lambda: empty().normal_(1, 3), stats.norm(1, 3)),
    "exponential_": (lambda: empty().exponential_(2.5), stats.expon(0, 0.4)),
    "exponential_ float32": (lambda: empty(dtype=tg.float32).exponential_(), stats.expon()),
    "cauchy_": (lambda: empty().cauchy_(1, 2), stats.cauchy(1, 2)),
    "log_normal_": (lambda: empty().log_normal_(0.5, 0.4), stats.lognorm(0.4, 0, math.exp(0.5))),
    "_standard_gamma": (lambda: tg._standard_gamma(empty() + 0.7), stats.gamma(0.7)),
    "_standard_gamma float32": (lambda: tg._standard_gamma(empty(dtype=tg.float32) + 3), stats.gamma(3)),
    "_sample_dirichlet": (
        lambda: tg._sample_dirichlet(tg.tensor([0.6, 2.0], dtype=tg.float64).expand(COUNT, 2))[:, 0],
        stats.beta(0.6, 2),
    ),
    "rrelu": (lambda: F.rrelu(-tg.ones(COUNT), 0.1, 0.5, training=True), stats.uniform(-0.5, 0.4)),
    "init.uniform_": (lambda: init.uniform_(empty(), -2, 1), stats.uniform(-2, 3)),
    "init.normal_": (lambda: init.normal_(empty(), 1, 2), stats.norm(1, 2)),
    "init.trunc_normal_": (
        lambda: init.trunc_normal_(empty(), 0.5, 1.0, -1.0, 2.0),
        stats.truncnorm(-1.5, 1.5, 0.5, 1),
    ),
    "init.xavier_uniform_": (
        lambda: init.xavier_uniform_(empty(*W)),
        stats.uniform(-_bound(165), 2 * _bound(165)),
    ),
    "init.xavier_normal_": (lambda: init.xavier_normal_(empty(*W), 2.0), stats.norm(0, 2 / math.sqrt(165))),
    "init.kaiming_uniform_": (
        lambda: init.kaiming_uniform_(empty(*W), nonlinearity="relu"),
        stats.uniform(-_bound(250, 2**0.5), 2 * _bound(250, 2**0.5)),
    ),
    "init.kaiming_normal_": (
        lambda: init.kaiming_normal_(empty(*W), mode="fan_out", nonlinearity="relu"),
        stats.norm(0, math.sqrt(2 / 80)),
    ),
}

DISCRETE: dict[str, tuple[Callable[[], tg.Tensor], Any]] = {
    "randint": (lambda: tg.randint(-3, 9, (COUNT,)), stats.randint(-3, 9)),
    "randint_like": (lambda: tg.randint_like(empty(), 7), stats.randint(0, 7)),
    "random_": (lambda: empty(dtype=tg.int64).random_(2, 12), stats.randint(2, 12)),
    "bernoulli": (lambda: tg.bernoulli(empty() + 0.3), stats.bernoulli(0.3)),
    "bernoulli p": (lambda: tg.bernoulli(empty(), 0.85), stats.bernoulli(0.85)),
    "bernoulli_": (lambda: empty().bernoulli_(0.01), stats.bernoulli(0.01)),
    "geometric_": (lambda: empty().geometric_(0.2), stats.geom(0.2)),
    "poisson": (lambda: tg.poisson(empty() + 2.5), stats.poisson(2.5)),
    "poisson of a large rate": (lambda: tg.poisson(empty() + 170.0), stats.poisson(170)),
    "binomial": (lambda: tg.binomial(empty() + 9, empty() + 0.4), stats.binom(9, 0.4)),
    "binomial of many": (lambda: tg.binomial(empty() + 500, empty() + 0.1), stats.binom(500, 0.1)),
    "dropout": (lambda: (F.dropout(tg.ones(COUNT), 0.3) != 0).to(tg.int64), stats.bernoulli(0.7)),
    "alpha_dropout": (
        lambda: (F.alpha_dropout(tg.ones(COUNT), 0.2, training=True) > 0).to(tg.int64),
        stats.bernoulli(0.8),
    ),
    "feature_dropout": (
        lambda: (tg.feature_dropout(tg.ones(COUNT, 1, 1), 0.4, True) != 0).to(tg.int64),
        stats.bernoulli(0.6),
    ),
    "dropout1d": (lambda: (F.dropout1d(tg.ones(COUNT, 1, 1), 0.4) != 0).to(tg.int64), stats.bernoulli(0.6)),
    "dropout2d": (
        lambda: (F.dropout2d(tg.ones(COUNT, 1, 1, 1), 0.4) != 0).to(tg.int64),
        stats.bernoulli(0.6),
    ),
    "dropout3d": (
        lambda: (F.dropout3d(tg.ones(COUNT, 1, 1, 1, 1), 0.4) != 0).to(tg.int64),
        stats.bernoulli(0.6),
    ),
    "feature_alpha_dropout": (
        lambda: (F.feature_alpha_dropout(tg.ones(COUNT, 1, 1), 0.4, training=True) > 0).to(tg.int64),
        stats.bernoulli(0.6),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_numbers(name: str) -> None:
    draw, law = CONTINUOUS[name]
    assert_law(draw().numpy(), law)


@pytest.mark.parametrize("name", DISCRETE)
def test_counts(name: str) -> None:
    draw, law = DISCRETE[name]
    assert_counts(draw().numpy(), law)


def test_places_of_a_permutation() -> None:
    orders = tg.stack([tg.randperm(4) for _ in range(600)]).numpy()
    ranks = orders @ np.array([64, 16, 4, 1])
    _, counts = np.unique(ranks, return_counts=True)
    assert len(counts) == 24  # every order comes up
    assert_shares(counts, np.ones(24))


def test_weights_with_replacement() -> None:
    weights = np.array([0.5, 0.0, 2.0, 1.5, 0.0])
    drawn = tg.multinomial(tg.tensor(weights).expand(2, 5), COUNT, replacement=True).numpy()
    for row in drawn:
        assert_shares(np.bincount(row, minlength=5), weights)
    assert_shares(np.bincount(5 * drawn[0] + drawn[1], minlength=25), np.outer(weights, weights).reshape(-1))


def test_weights_without_replacement() -> None:
    weights = np.array([0.5, 0.0, 2.0, 1.5])
    drawn = tg.multinomial(tg.tensor(weights).expand(COUNT, 4), 2).numpy()
    share = weights / weights.sum()
    wanted = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            wanted[i, j] = 0 if i == j else share[i] * share[j] / (1 - share[i])
    assert_shares(np.bincount(4 * drawn[:, 0] + drawn[:, 1], minlength=16), wanted.reshape(-1))
    with pytest.raises(RuntimeError, match="not enough non-negative category"):
        tg.multinomial(tg.tensor(weights), 4).tolist()
    with pytest.raises(RuntimeError, match="contains either `inf`, `nan` or element < 0"):
        tg.multinomial(tg.tensor([1.0, -1.0]), 1).tolist()
    with pytest.raises(RuntimeError, match="sum of probabilities <= 0"):
        tg.multinomial(tg.zeros(3), 1, replacement=True).tolist()


def test_parameters_that_nobody_can_draw_with() -> None:
    for attempt, words in (
        (lambda: tg.bernoulli(tg.tensor([2.0])).tolist(), "Expected p_in >= 0"),
        (lambda: tg.zeros(2).bernoulli_(1.5), "expects p to be in"),
        (lambda: tg.normal(tg.zeros(2), tg.tensor([1.0, -1.0])).tolist(), "all elements of std >= 0.0"),
        (lambda: tg.multinomial(tg.tensor([1, 1]), 1), "only supports floating-point dtypes"),
        (lambda: tg.feature_dropout(tg.ones(3), 0.5, True), "at least 2 dimensions"),
    ):
        with pytest.raises(RuntimeError, match=words):
            attempt()


def test_softened_classes() -> None:
    logits = tg.tensor([0.0, 1.0, -1.0])
    drawn = F.gumbel_softmax(logits.expand(COUNT, 3), hard=True).argmax(-1).numpy()
    assert_shares(np.bincount(drawn, minlength=3), np.exp([0.0, 1.0, -1.0]))


def test_an_orthogonal_start_is_even_over_the_rotations() -> None:
    matrix = init.orthogonal_(empty(60, 60)).numpy()
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(60), atol=1e-12)
    # A place of a random rotation in n dimensions: its square is beta distributed.
    firsts = tg.stack([init.orthogonal_(empty(3, 3))[0, 0] for _ in range(150)]).numpy()
    assert_law(firsts, stats.uniform(-1, 2))  # Archimedes: on a sphere a coordinate is even


def test_a_sparse_start() -> None:
    matrix = init.sparse_(empty(50, 400), 0.2, std=1.0).numpy()
    assert ((matrix == 0).sum(0) == 10).all()
    assert_law(matrix[matrix != 0], stats.norm())
    assert_shares((matrix == 0).sum(1), np.ones(50))


def test_dropped_channels_are_dropped_whole() -> None:
    x = F.dropout2d(tg.ones(200, 20, 2, 3), 0.5).numpy()
    assert (x.reshape(4000, 6).max(1) == x.reshape(4000, 6).min(1)).all()
    assert set(np.unique(x)) == {0.0, 2.0}


def test_what_attention_drops() -> None:
    q = tg.ones(1, 200, 4)
    values = tg.eye(200)[None]
    out = F.scaled_dot_product_attention(q, tg.ones(1, 200, 4), values, dropout_p=0.25)
    assert_counts((out.numpy() != 0).astype(int), stats.bernoulli(0.75))


SAMPLERS: dict[str, Callable[[int], tg.Tensor]] = {
    "rand": lambda n: tg.rand(n, dtype=tg.float64),
    "randn": lambda n: tg.randn(n, dtype=tg.float64),
    "randint": lambda n: tg.randint(1 << 40, (n,)),
    "gamma": lambda n: tg._standard_gamma(empty(n) + 2),
    "dropout": lambda n: F.dropout(tg.ones(n, dtype=tg.float64), 0.5),
    "poisson": lambda n: tg.poisson(empty(n) + 30),
}


def _ranks(x: tg.Tensor) -> Array:
    return stats.rankdata(x.numpy())


def assert_uncorrelated(a: Array, b: Array) -> None:
    assert abs(np.corrcoef(a, b)[0, 1]) < FAR / math.sqrt(len(a))


def assert_independent(a: Array, b: Array) -> None:
    """Passes where ranks are not correlated, neither place by place nor moved by one."""
    for x, y in ((a, b), (a[1:], b[:-1]), (a[:-1], b[1:])):
        assert_uncorrelated(x, y)


@pytest.mark.parametrize("name", SAMPLERS)
def test_streams_are_apart(name: str) -> None:
    draw = SAMPLERS[name]
    tg.manual_seed(SEED)
    first, second = _ranks(draw(4000)), _ranks(draw(4000))
    assert_independent(first, second)
    for lag in (1, 2, 3, 4):
        assert_uncorrelated(first[:-lag], first[lag:])
    for other in (SEED + 1, SEED ^ (1 << 32), SEED + (1 << 33)):
        tg.manual_seed(other)
        assert_independent(first, _ranks(draw(4000)))


def test_many_draws_of_one_number_are_even_too() -> None:
    assert_law(tg.stack([tg.rand(()) for _ in range(500)]).numpy(), stats.uniform())
    starts = []
    for seed in range(500):
        tg.manual_seed(seed)
        starts.append(tg.rand(()))
    assert_law(tg.stack(starts).numpy(), stats.uniform())
