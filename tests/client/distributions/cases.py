"""Distributions with parameters and values, and what is checked of each: beside torch, SciPy, and itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats

import telegrad as tg
from telegrad.distributions.constraints import Constraint

Array = np.ndarray[Any, Any]
#: A right sampler fails once in so many seeds.
LEAST_P = 1e-6
DRAWS = 4000


@dataclass(frozen=True)
class Case:
    """One distribution.

    Attributes:
        build: makes it of the module `distributions` and of tensors.
        parameters: their numbers.
        values: in the support, for `log_prob` and `cdf`.
        law: the same in SciPy, of one member's parameters; None where SciPy has none.
        cdf: torch has cdf.
        icdf: torch has icdf.
        entropy: torch has entropy.
    """

    build: Callable[..., Any]
    parameters: Sequence[Any]
    values: Any
    law: Callable[..., Any] | None = None
    cdf: bool = False
    icdf: bool = False
    entropy: bool = True


_A, _B = [0.3, -1.2, 4.0], [0.5, 2.0, 0.1]
_POSITIVE, _RATES = [0.4, 1.7, 12.0], [2.0, 0.6, 1.1]
_CHANCES, _LOGITS = [0.2, 0.5, 0.93], [-1.0, 0.0, 2.5]
_SHARES = [[0.2, 0.3, 0.5], [0.7, 0.1, 0.2]]
_MATRIX = [[2.0, 0.5], [0.5, 1.0]]

CASES: dict[str, Case] = {
    "Normal": Case(
        lambda d, a, b: d.Normal(a, b), [_A, _B], [0.1, 0.2, 3.9], stats.norm, cdf=True, icdf=True
    ),
    "HalfNormal": Case(
        lambda d, b: d.HalfNormal(b),
        [_B],
        [0.1, 1.2, 0.3],
        lambda b: stats.halfnorm(0, b),
        cdf=True,
        icdf=True,
    ),
    "LogNormal": Case(
        lambda d, a, b: d.LogNormal(a, b),
        [_A, _B],
        [0.1, 1.2, 50.0],
        lambda a, b: stats.lognorm(b, 0, math.exp(a)),
        cdf=True,
        icdf=True,
    ),
    "Uniform": Case(
        lambda d, a, b: d.Uniform(a, a + b),
        [_A, _B],
        [0.4, 0.0, 4.05],
        stats.uniform,
        cdf=True,
        icdf=True,
    ),
    "Laplace": Case(
        lambda d, a, b: d.Laplace(a, b), [_A, _B], [0.1, 0.2, 3.9], stats.laplace, cdf=True, icdf=True
    ),
    "Cauchy": Case(
        lambda d, a, b: d.Cauchy(a, b), [_A, _B], [0.1, 0.2, 3.9], stats.cauchy, cdf=True, icdf=True
    ),
    "HalfCauchy": Case(
        lambda d, b: d.HalfCauchy(b),
        [_B],
        [0.1, 1.2, 0.3],
        lambda b: stats.halfcauchy(0, b),
        cdf=True,
        icdf=True,
    ),
    "Gumbel": Case(
        lambda d, a, b: d.Gumbel(a, b), [_A, _B], [0.1, 0.2, 3.9], stats.gumbel_r, cdf=True, icdf=True
    ),
    "StudentT": Case(
        lambda d, n, a, b: d.StudentT(n, a, b),
        [[0.7, 1.5, 5.0], _A, _B],
        [0.1, 0.2, 3.9],
        stats.t,
    ),
    "Gamma": Case(
        lambda d, a, b: d.Gamma(a, b),
        [_POSITIVE, _RATES],
        [0.1, 2.0, 9.0],
        lambda a, b: stats.gamma(a, 0, 1 / b),
    ),
    "Chi2": Case(lambda d, a: d.Chi2(a), [_POSITIVE], [0.1, 2.0, 9.0], stats.chi2),
    "Exponential": Case(
        lambda d, b: d.Exponential(b),
        [_RATES],
        [0.1, 2.0, 0.5],
        lambda b: stats.expon(0, 1 / b),
        cdf=True,
        icdf=True,
    ),
    "Beta": Case(lambda d, a, b: d.Beta(a, b), [_POSITIVE, _RATES], [0.1, 0.6, 0.95], stats.beta),
    "Dirichlet": Case(lambda d, a: d.Dirichlet(a), [[_POSITIVE, _RATES]], _SHARES),
    "Bernoulli": Case(lambda d, p: d.Bernoulli(p), [_CHANCES], [1.0, 0.0, 1.0], stats.bernoulli),
    "Bernoulli of logits": Case(lambda d, x: d.Bernoulli(logits=x), [_LOGITS], [1.0, 0.0, 1.0]),
    "Geometric": Case(lambda d, p: d.Geometric(p), [_CHANCES], [3.0, 0.0, 1.0], lambda p: stats.geom(p, -1)),
    "Geometric of logits": Case(lambda d, x: d.Geometric(logits=x), [_LOGITS], [3.0, 0.0, 1.0]),
    "Binomial": Case(
        lambda d, p: d.Binomial(12, p), [_CHANCES], [3.0, 0.0, 12.0], lambda p: stats.binom(12, p)
    ),
    "Binomial of logits": Case(lambda d, x: d.Binomial(5, logits=x), [_LOGITS], [3.0, 0.0, 5.0]),
    "NegativeBinomial": Case(
        lambda d, n, p: d.NegativeBinomial(n, p),
        [_POSITIVE, _CHANCES],
        [3.0, 0.0, 200.0],
        lambda n, p: stats.nbinom(n, 1 - p),
        entropy=False,
    ),
    "Poisson": Case(
        lambda d, b: d.Poisson(b), [[0.4, 3.0, 40.0]], [1.0, 0.0, 37.0], stats.poisson, entropy=False
    ),
    "Categorical": Case(lambda d, p: d.Categorical(p), [_SHARES], [2, 0]),
    "Categorical of logits": Case(lambda d, x: d.Categorical(logits=x), [[_A, _B]], [2, 0]),
    "OneHotCategorical": Case(lambda d, p: d.OneHotCategorical(p), [_SHARES], [[0.0, 0, 1], [1, 0, 0]]),
    "Multinomial": Case(lambda d, p: d.Multinomial(5, p), [_SHARES], [[2.0, 0, 3], [1, 2, 2]]),
    "MultivariateNormal": Case(
        lambda d, a, m: d.MultivariateNormal(a, m),
        [[[0.1, 0.2], [3.0, -1.0]], _MATRIX],
        [[0.5, 0.1], [1.0, 1.0]],
    ),
    "MultivariateNormal of precision": Case(
        lambda d, a, m: d.MultivariateNormal(a, precision_matrix=m), [[0.1, 0.2], _MATRIX], [0.5, 0.1]
    ),
    "MultivariateNormal of scale": Case(
        lambda d, a, m: d.MultivariateNormal(a, scale_tril=m),
        [[0.1, 0.2], [[1.5, 0.0], [0.3, 0.7]]],
        [0.5, 0.1],
    ),
    "Weibull": Case(
        lambda d, a, b: d.Weibull(a, b),
        [_RATES, _POSITIVE],
        [0.1, 2.0, 0.9],
        lambda a, b: stats.weibull_min(b, 0, a),
        cdf=True,
        icdf=True,
    ),
    "Pareto": Case(
        lambda d, a, b: d.Pareto(a, b),
        [_RATES, _POSITIVE],
        [2.1, 2.0, 1.2],
        lambda a, b: stats.pareto(b, 0, a),
        cdf=True,
        icdf=True,
    ),
    "InverseGamma": Case(
        lambda d, a, b: d.InverseGamma(a, b),
        [_POSITIVE, _RATES],
        [0.1, 2.0, 0.2],
        lambda a, b: stats.invgamma(a, 0, b),
    ),
    "Kumaraswamy": Case(
        lambda d, a, b: d.Kumaraswamy(a, b), [_POSITIVE, _RATES], [0.1, 0.6, 0.95], cdf=True, icdf=True
    ),
    "FisherSnedecor": Case(
        lambda d, a, b: d.FisherSnedecor(a, b),
        [[3.0, 1.5, 12.0], [9.0, 5.0, 3.0]],
        [0.1, 2.0, 0.9],
        stats.f,
        entropy=False,
    ),
    "RelaxedBernoulli": Case(
        lambda d, t, p: d.RelaxedBernoulli(t, p), [0.7, _CHANCES], [0.1, 0.6, 0.95], entropy=False
    ),
    "RelaxedOneHotCategorical": Case(
        lambda d, t, p: d.RelaxedOneHotCategorical(t, p), [0.7, _SHARES], _SHARES, entropy=False
    ),
    "LogisticNormal": Case(
        lambda d, a, b: d.LogisticNormal(a, b), [[0.3, -1.2], [0.5, 2.0]], [0.2, 0.3, 0.5], entropy=False
    ),
    "MixtureSameFamily": Case(
        lambda d, p, a, b: d.MixtureSameFamily(d.Categorical(p), d.Normal(a, b)),
        [[0.2, 0.3, 0.5], _A, _B],
        0.4,
        cdf=True,
        entropy=False,
    ),
    "LowRankMultivariateNormal": Case(
        lambda d, a, w, v: d.LowRankMultivariateNormal(a, w, v),
        [[[0.3, -1.2, 4.0], [0.0, 0.1, 0.2]], [[0.5, 0.1], [1.0, -0.3], [0.2, 0.7]], _B],
        [0.1, 0.2, 3.9],
    ),
    "ContinuousBernoulli": Case(
        lambda d, p: d.ContinuousBernoulli(p), [[0.2, 0.4995, 0.93]], [0.1, 0.6, 0.95], cdf=True, icdf=True
    ),
    "ContinuousBernoulli of logits": Case(
        lambda d, x: d.ContinuousBernoulli(logits=x), [_LOGITS], [0.1, 0.6, 0.95], cdf=True, icdf=True
    ),
    "GeneralizedPareto": Case(
        lambda d, a, b, c: d.GeneralizedPareto(a, b, c),
        [_A, _B, [0.3, 0.0, -0.4]],
        [0.4, 2.0, 4.05],
        lambda a, b, c: stats.genpareto(c, a, b),
        cdf=True,
        icdf=True,
    ),
    "VonMises": Case(lambda d, a, b: d.VonMises(a, b), [_A, _POSITIVE], [0.1, 0.2, -3.0]),
    "Wishart": Case(lambda d, n, m: d.Wishart(n, m), [[2.5, 7.0], _MATRIX], [[3.0, 0.2], [0.2, 2.0]]),
    "Wishart of scale": Case(
        lambda d, m: d.Wishart(4, scale_tril=m), [[[1.5, 0.0], [0.3, 0.7]]], [[3.0, 0.2], [0.2, 2.0]]
    ),
    "LKJCholesky": Case(
        lambda d, a: d.LKJCholesky(3, a),
        [[0.5, 1.0, 4.0]],
        [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-0.48, 0.6, 0.64]],
    ),
    "Independent": Case(lambda d, a, b: d.Independent(d.Normal(a, b), 1), [_A, _B], [0.1, 0.2, 3.9]),
    "TransformedDistribution": Case(
        lambda d, a, b: d.TransformedDistribution(
            d.Normal(a, b), [d.AffineTransform(1.0, -2.0), d.SigmoidTransform()]
        ),
        [_A, _B],
        [0.1, 0.6, 0.001],
        cdf=True,
        icdf=True,
        entropy=False,
    ),
}


def tensors(module: Any, case: Case) -> list[Any]:
    """The parameters as leaves."""
    return [module.tensor(np.array(x, float), requires_grad=True) for x in case.parameters]


def value_of(module: Any, case: Case) -> Any:
    array = np.array(case.values)
    return module.tensor(array, requires_grad=array.dtype.kind == "f")


def _outcome(module: Any, case: Case, ask: Callable[[Any, Any], Any]) -> list[Array]:
    """What is asked for, and the gradients of its sum for the parameters and the value."""
    leaves = tensors(module, case)
    value = value_of(module, case)
    found = ask(case.build(module.distributions, *leaves), value)
    made = [np.asarray(found.detach().numpy())]
    if found.requires_grad:
        wrt = [x for x in (*leaves, value) if x.requires_grad]
        weights = module.tensor(np.cos(np.arange(found.numel())).reshape(tuple(found.shape)))
        grads = module.autograd.grad((found * weights).sum(), wrt, allow_unused=True)
        made += [np.zeros(()) if g is None else np.asarray(g.detach().numpy()) for g in grads]
    return made


def assert_as_torch(name: str, *, rtol: float = 1e-9) -> None:
    """Passes where quantities and their gradients are torch's."""
    torch = pytest.importorskip("torch")
    case = CASES[name]
    asked: dict[str, Callable[[Any, Any], Any]] = {
        "log_prob": lambda law, value: law.log_prob(value),
        "mean": lambda law, value: law.mean,
        "variance": lambda law, value: law.variance,
        "stddev": lambda law, value: law.stddev,
        "expanded": lambda law, value: law.expand((4, *law.batch_shape)).log_prob(value),
    }
    if case.entropy:
        asked["entropy"] = lambda law, value: law.entropy()
        asked["perplexity"] = lambda law, value: law.perplexity()
    if case.cdf:
        asked["cdf"] = lambda law, value: law.cdf(value)
    if case.icdf:
        asked["icdf"] = lambda law, value: law.icdf(value * 0 + 0.3)
    for what, ask in asked.items():
        try:
            wanted = _outcome(torch, case, ask)
        except NotImplementedError:
            with pytest.raises(NotImplementedError):
                _outcome(tg, case, ask)
            continue
        found = _outcome(tg, case, ask)
        for a, b in zip(found, wanted, strict=True):
            known = ~np.isnan(b) | (np.asarray(b).size == 1)  # torch's gradients of masked places are NaN
            found_there = np.broadcast_to(a, b.shape)[known] if b.ndim else a
            np.testing.assert_allclose(
                found_there, b[known] if b.ndim else b, rtol=rtol, atol=1e-11, err_msg=f"{name}: {what}"
            )
    mine = case.build(tg.distributions, *tensors(tg, case))
    theirs = case.build(torch.distributions, *tensors(torch, case))
    assert mine.batch_shape == tuple(theirs.batch_shape)
    assert mine.event_shape == tuple(theirs.event_shape)
    if repr(theirs) != f"{type(theirs).__name__}()":  # torch's HalfNormal tells nothing of itself
        assert repr(mine) == repr(theirs)
    assert mine.has_rsample == theirs.has_rsample
    assert mine.has_enumerate_support == theirs.has_enumerate_support
    assert mine.support.is_discrete == theirs.support.is_discrete
    assert mine.support.event_dim == theirs.support.event_dim
    try:
        mode = theirs.mode
    except NotImplementedError:
        mode = None
    if mode is not None:
        wanted_mode = mode.detach().numpy()
        known = ~np.isnan(wanted_mode)
        np.testing.assert_allclose(mine.mode.detach().numpy()[known], wanted_mode[known], err_msg=name)
    if theirs.has_enumerate_support:
        for expand in (True, False):
            np.testing.assert_array_equal(
                mine.enumerate_support(expand=expand).numpy(), theirs.enumerate_support(expand=expand).numpy()
            )


def assert_as_scipy(name: str) -> None:
    """Passes where density, distribution function, moments and entropy are SciPy's."""
    case = CASES[name]
    assert case.law is not None
    law = case.build(tg.distributions, *tensors(tg, case))
    rows = zip(*case.parameters, strict=True)
    laws = [case.law(*row) for row in rows]
    values = tg.tensor(np.array(case.values))
    discrete = law.support.is_discrete
    for i, (member, value) in enumerate(zip(laws, case.values, strict=True)):
        wanted = (member.logpmf if discrete else member.logpdf)(value)
        assert law.log_prob(values)[i].item() == pytest.approx(wanted, rel=1e-9)
        for found, moment in ((law.mean, member.mean()), (law.variance, member.var())):
            if np.isfinite(moment):
                assert found[i].item() == pytest.approx(moment, rel=1e-9)
            else:
                assert not found[i].isfinite()
        if case.cdf:
            assert law.cdf(values)[i].item() == pytest.approx(member.cdf(value), rel=1e-9)
        if case.icdf:
            at = law.icdf(tg.full((3,), 0.3, dtype=tg.float64))
            assert at[i].item() == pytest.approx(member.ppf(0.3), rel=1e-9)
        if case.entropy:
            assert law.entropy()[i].item() == pytest.approx(float(member.entropy()), rel=1e-7)


def assert_drawn_right(name: str) -> None:
    """Passes where draws have the law of SciPy, or, where it has none, the right mean."""
    case = CASES[name]
    tg.manual_seed(20240229)
    law = case.build(tg.distributions, *[t.detach() for t in tensors(tg, case)])
    drawn = law.sample((DRAWS,))
    assert drawn.shape == (DRAWS, *law.batch_shape, *law.event_shape)
    assert not drawn.requires_grad
    if isinstance(law.support, Constraint):
        assert law.support.check(drawn).all()
    array = drawn.numpy().astype(float)
    if case.law is not None:
        for i, row in enumerate(zip(*case.parameters, strict=True)):
            assert _p_value(array[:, i], case.law(*row), discrete=law.support.is_discrete) > LEAST_P, (
                name,
                row,
            )
    else:
        with np.errstate(all="ignore"):
            try:
                mean, variance = law.mean.numpy(), law.variance.numpy()
            except NotImplementedError:
                return
            ok = np.isfinite(mean)
            far = np.abs(array.mean(0) - mean) / np.sqrt(variance / DRAWS + 1e-300)
            assert (far[ok] < 5.5).all(), (name, far)
    if law.has_rsample:
        leaves = tensors(tg, case)
        moved = case.build(tg.distributions, *leaves).rsample((2,))
        assert moved.requires_grad
        grads = tg.autograd.grad(moved.sum(), leaves, allow_unused=True)
        assert any(g is not None for g in grads)


def _p_value(drawn: Array, law: Any, *, discrete: bool) -> float:
    if not discrete:
        return float(stats.kstest(drawn, law.cdf).pvalue)
    edges, k, last = [], int(law.ppf(1e-4)), 0.0
    while law.sf(k) > 0.005:
        if law.cdf(k) - last > 0.005:
            edges.append(k + 0.5)
            last = law.cdf(k)
        k += 1
    bounds = np.array([-np.inf, *edges, np.inf])
    expected = np.diff(law.cdf(bounds))
    found = np.histogram(drawn, bounds)[0]
    return 1.0 if len(found) < 2 else float(stats.chisquare(found, expected * len(drawn)).pvalue)
