"""Losses of an element and its target."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
DRAW = np.random.default_rng(5)
X, T = DRAW.standard_normal((3, 4)), DRAW.standard_normal((3, 4))
P, Q = special.expit(X), special.expit(T)


def pair(function: str, **options: object) -> object:
    return getattr(F, function)(tg.tensor(X), tg.tensor(T), **options)


def test_values_are_the_formulas() -> None:
    away = X - T
    close(pair("mse_loss"), (away**2).mean())
    close(pair("l1_loss", reduction="sum"), np.abs(away).sum())
    close(pair("huber_loss", delta=0.5, reduction="none"), special.huber(0.5, away))
    close(pair("smooth_l1_loss", reduction="none"), special.huber(1.0, away))
    close(pair("soft_margin_loss", reduction="none"), np.log1p(np.exp(-T * X)))


def test_probabilities() -> None:
    p, q = tg.tensor(P), tg.tensor(Q)
    expected = -(Q * np.log(P) + (1 - Q) * np.log1p(-P))
    close(F.binary_cross_entropy(p, q, reduction="none"), expected)
    close(F.binary_cross_entropy_with_logits(tg.tensor(X), q), expected.mean())
    close(F.kl_div(tg.tensor(np.log(P)), q, reduction="none"), special.rel_entr(Q, P))
    close(F.kl_div(tg.tensor(np.log(P)), q, reduction="batchmean"), special.rel_entr(Q, P).sum() / 3)
    counts = np.array([[0.0, 1.0, 4.0, 9.0]])
    exact = -stats.poisson.logpmf(counts, 3.0)
    found = F.poisson_nll_loss(
        tg.tensor([[3.0]]), tg.tensor(counts), log_input=False, full=True, reduction="none"
    )
    np.testing.assert_allclose(found.numpy(), exact, atol=0.05)  # Stirling's estimate, none up to 1
    var = np.full((3, 4), 0.7)
    normal = -stats.norm.logpdf(X, T, np.sqrt(var))
    close(F.gaussian_nll_loss(tg.tensor(X), tg.tensor(T), tg.tensor(var), full=True), normal.mean())


def test_the_logits_may_be_large() -> None:
    x = tg.tensor([-1e3, 1e3], dtype=tg.float64, requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, tg.tensor([1.0, 0.0], dtype=tg.float64), reduction="none")
    close(loss, [1e3, 1e3])
    loss.sum().backward()
    close(x.grad, [-1.0, 1.0])


def test_shapes_that_differ_warn() -> None:
    with pytest.warns(UserWarning, match="Using a target size"):
        F.mse_loss(tg.zeros(2, 1), tg.zeros(2))


def two(name: str, **options: object) -> Case:
    return lambda t: getattr(t.F, name)(t.leaf(3, 4), t.leaf(3, 4), **options)


def at_the_edges(t: Tensors) -> object:
    x = t.leaf(of=[0.0, 0.0, 0.0, 1.0, 1.0, 1e-13, 0.3])
    return t.F.binary_cross_entropy(x, t.data([0.0, 1.0, 0.5, 1.0, 0.0, 0.5, 0.2]), reduction="none")


TORCH: dict[str, Case] = {
    "mse": two("mse_loss"),
    "mse weight": lambda t: t.F.mse_loss(t.leaf(3, 4), t.leaf(3, 4), weight=t.data(P)),
    "l1": two("l1_loss"),
    "l1 none": two("l1_loss", reduction="none"),
    "smooth l1": two("smooth_l1_loss", beta=0.7),
    "smooth l1 at 0": lambda t: t.F.smooth_l1_loss(t.leaf(of=[0.0, 1.0, -1.0]), t.leaf(of=[0.0, 0.0, 0.0])),
    "smooth l1 beta 0": two("smooth_l1_loss", beta=0.0),
    "huber": two("huber_loss", delta=0.7, reduction="sum"),
    "huber at delta": lambda t: t.F.huber_loss(t.leaf(of=[1.0, -1.0, 0.0]), t.data([0.0, 0.0, 0.0])),
    "bce": lambda t: t.F.binary_cross_entropy(t.positive(3, 4), t.positive(3, 4)),
    "bce weight": lambda t: t.F.binary_cross_entropy(t.positive(3, 4), t.data(Q), t.data(P), reduction="sum"),
    "bce logits": lambda t: t.F.binary_cross_entropy_with_logits(t.leaf(3, 4), t.data(Q), t.data(P)),
    "bce logits positive": lambda t: t.F.binary_cross_entropy_with_logits(
        t.leaf(3, 4), t.leaf(3, 4), pos_weight=t.data([1.0, 2.0, 3.0, 0.5])
    ),
    "kl": lambda t: t.F.kl_div(t.leaf(3, 4), t.positive(3, 4), reduction="batchmean"),
    "kl log": lambda t: t.F.kl_div(t.leaf(3, 4), t.leaf(3, 4), reduction="sum", log_target=True),
    "poisson": lambda t: t.F.poisson_nll_loss(t.leaf(3, 4), t.data(Q * 5), full=True),
    "poisson rates": lambda t: t.F.poisson_nll_loss(t.positive(3, 4), t.data(Q * 5), log_input=False),
    "gaussian": lambda t: t.F.gaussian_nll_loss(t.leaf(3, 4), t.leaf(3, 4), t.positive(3)),
    "gaussian full": lambda t: t.F.gaussian_nll_loss(t.leaf(3, 4), t.leaf(3, 4), t.positive(3, 1), full=True),
    "gaussian small": lambda t: t.F.gaussian_nll_loss(t.leaf(2), t.leaf(2), t.leaf(of=[1e-9, 0.5]), eps=1e-2),
    "soft margin": lambda t: t.F.soft_margin_loss(t.leaf(3, 4), t.data(np.sign(T))),
    "multilabel": lambda t: t.F.multilabel_soft_margin_loss(
        t.leaf(3, 4), t.data(T > 0, np.float64), t.data(P[0])
    ),
}


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
def test_binary_cross_entropy_at_its_edges() -> None:
    agree(at_the_edges, second=False, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "name"),
    [
        ([0.5, 1.5], [0.0, 1.0], "input"),
        ([-0.5, 0.5], [0.0, 1.0], "input"),
        ([np.nan], [1.0], "input"),
        ([0.5], [1.5], "target"),
    ],
)
def test_binary_cross_entropy_takes_probabilities_only(x: list[float], y: list[float], name: str) -> None:
    loss = F.binary_cross_entropy(tg.tensor(x), tg.tensor(y))
    with pytest.raises(RuntimeError, match=f"all elements of {name} should be between 0 and 1"):
        loss.item()
    with pytest.raises(RuntimeError, match=f"all elements of {name} should be between 0 and 1"):
        tg.nn.BCELoss(reduction="sum")(tg.tensor(x), tg.tensor(y)).item()


WRONG: dict[str, Case] = {
    "beta": lambda t: t.F.smooth_l1_loss(t.leaf(2), t.leaf(2), beta=-1.0),
    "delta": lambda t: t.F.huber_loss(t.leaf(2), t.leaf(2), delta=0.0),
    "bce sizes": lambda t: t.F.binary_cross_entropy(t.positive(2), t.positive(3)),
    "logit sizes": lambda t: t.F.binary_cross_entropy_with_logits(t.leaf(2), t.leaf(3)),
    "var size": lambda t: t.F.gaussian_nll_loss(t.leaf(2, 3), t.leaf(2, 3), t.positive(4)),
    "no reduction": lambda t: t.F.mse_loss(t.leaf(2), t.leaf(2), reduction="most"),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_integers() -> None:
    x, t = tg.tensor([-8, 6], dtype=tg.int32), tg.tensor([5, 5], dtype=tg.int32)
    total = F.l1_loss(x, t, reduction="sum")
    assert (total.dtype, total.item()) == (tg.int64, 14)
    with pytest.raises(RuntimeError, match="Integral inputs not supported"):
        F.kl_div(x.double(), t)
    with pytest.raises(RuntimeError, match="bool tensor is not supported"):
        F.l1_loss(x > 0, t)
