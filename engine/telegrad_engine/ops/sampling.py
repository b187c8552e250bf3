"""Draws that take trials, and how they move with the parameters of their distribution.

A draw is differentiated as if it were the quantile at a fixed probability (implicit reparametrisation), which
does not depend on how it was made.
"""

from __future__ import annotations

from telegrad_engine.kernels import samplers, slopes
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.ir import Value

_KEY = ((2,), dtypes.uint64)
_IMPLICIT = "Figurnov, Mohamed, Mnih: Implicit reparameterization gradients (2018)"


Parameters = tuple[Value, ...]


def _bell(orders: tuple[int, int], a: Parameters, b: Parameters, log_a: Value, log_b: Value) -> Value:
    """As kernels.slopes.bell, in Values; a and b are (parameter, sum of parameters), or the one alone."""

    def first(i: int, j: int) -> Value:
        parts = [g.polygamma(total, n=i + j) for total in a[1:]]
        own = None if j else g.sub(log_a if i == 0 else 0.0, g.polygamma(a[0], n=i))
        return _sum([own, *parts])

    def second(j: int) -> Value:
        parts = [g.polygamma(total, n=j) for total in b[1:]]
        return _sum([g.sub(log_b if j == 0 else 0.0, g.polygamma(b[0], n=j)), *parts])

    return slopes.bell(orders, first, second, one=g.ones_like(a[0]), mul=g.mul, add=g.add)


def _sum(parts: list[Value | None]) -> Value:
    total: Value | None = None
    for part in parts:
        if part is not None:
            total = part if total is None else g.add(total, part)
    assert total is not None, "a score has one term at least"
    return total


def _gamma_by_a(ct: Value, y: Value, a: Value, x: Value, order: int) -> Value:
    score = g.sub(g.log(x), g.digamma(a))
    return g.mul(ct, g.sub(g.gamma_slope(a, x, order=order + 1), g.mul(y, score)))


def _gamma_by_x(ct: Value, y: Value, a: Value, x: Value, order: int) -> Value:
    moved = _bell((order, 0), (a,), (a,), g.log(x), g.log(x))
    return g.neg(g.mul(ct, g.add(moved, g.mul(y, g.sub(g.div(g.sub(a, 1.0), x), 1.0)))))


op(
    "gamma_slope",
    "a x",
    rule=Rule("nary", kinds="f"),
    attributes=(("order", "int"),),
    forward=slopes.gamma_slope,
    vjps=(_gamma_by_a, _gamma_by_x),
    examples=(example((2, 3), (3,), order=1), example((), (), order=2), example((0,), (), order=1)),
    flops=10_000,
    domain=(0.5, 3.0),
    doc="-(d/da)^order P / p of the gamma distribution; of order 1 how its quantiles move with a.",
    source=_IMPLICIT,
)


def _beta_by_x(ct: Value, y: Value, x: Value, a: Value, b: Value, m: int, n: int) -> Value:
    rest, total = g.sub(1.0, x), g.add(a, b)
    moved = _bell((m, n), (a, total), (b, total), g.log(x), g.log(rest))
    tilt = g.sub(g.div(g.sub(a, 1.0), x), g.div(g.sub(b, 1.0), rest))
    return g.neg(g.mul(ct, g.add(moved, g.mul(y, tilt))))


def _beta_by_a(ct: Value, y: Value, x: Value, a: Value, b: Value, m: int, n: int) -> Value:
    score = _score(x, a, b)
    return g.mul(ct, g.sub(g.beta_slope(x, a, b, m=m + 1, n=n), g.mul(y, score)))


def _beta_by_b(ct: Value, y: Value, x: Value, a: Value, b: Value, m: int, n: int) -> Value:
    score = _score(g.sub(1.0, x), b, a)
    return g.mul(ct, g.sub(g.beta_slope(x, a, b, m=m, n=n + 1), g.mul(y, score)))


def _score(x: Value, own: Value, other: Value) -> Value:
    return g.add(g.sub(g.log(x), g.digamma(own)), g.digamma(g.add(own, other)))


op(
    "beta_slope",
    "x a b",
    rule=Rule("nary", kinds="f"),
    attributes=(("m", "int"), ("n", "int")),
    forward=slopes.beta_slope,
    vjps=(_beta_by_x, _beta_by_a, _beta_by_b),
    examples=(
        example((2, 3), (3,), (), m=1, n=0),
        example((), (), (), m=1, n=1),
        example((0,), (), (), m=0, n=1),
    ),
    flops=10_000,
    domain=(0.2, 0.8),
    doc="-(d/da)^m (d/db)^n P / p of the beta distribution; of orders (1, 0) how its quantiles move with a.",
    source=_IMPLICIT,
)
op(
    "random_gamma",
    "key a",
    rule=Rule("random_of"),
    forward=samplers.gamma,
    vjps=(None, lambda ct, y, key, a: g.mul(ct, g.gamma_slope(a, y, order=1))),
    examples=(example(_KEY, (2, 3)), example(_KEY, ()), example(_KEY, (0, 2))),
    flops=300,
    domain=(0.1, 4.0),
    smooth=False,
    doc="Random numbers of gamma distributions of rate 1; differentiated as quantiles.",
    source="Marsaglia, Tsang: A simple method for generating gamma variables (2000)",
)


def _dirichlet_vjp(ct: Value, y: Value, key: Value, alpha: Value) -> Value:
    """Each share is beta distributed; what it moves by, the others give up in proportion."""
    last = (y.spec.ndim - 1,)
    rest = g.sub(1.0, y)
    others = g.sub(g.sum(alpha, axes=last, keepdims=True), alpha)
    alone = g.le(g.mul(rest, others), 0.0)
    moved = g.div(g.beta_slope(y, alpha, others, m=1, n=0), g.where(alone, 1.0, rest))
    pull = g.sub(ct, g.sum(g.mul(ct, y), axes=last, keepdims=True))
    return g.where(alone, 0.0, g.mul(moved, pull))


op(
    "random_dirichlet",
    "key alpha",
    rule=Rule("random_of"),
    forward=samplers.dirichlet,
    vjps=(None, _dirichlet_vjp),
    examples=(example(_KEY, (2, 3)), example(_KEY, (2,)), example(_KEY, (0, 2))),
    flops=400,
    domain=(0.1, 4.0),
    smooth=False,
    doc="Random shares that sum to 1 along the last axis; differentiated as quantiles.",
    source=_IMPLICIT,
)
op(
    "random_von_mises",
    "key concentration",
    rule=Rule("random_of"),
    forward=samplers.von_mises,
    examples=(example(_KEY, (2, 3)), example(_KEY, ()), example(_KEY, (0, 2))),
    flops=300,
    domain=(0.1, 20.0),
    doc="Random angles of von Mises distributions around 0.",
    source="Best, Fisher: Efficient simulation of the von Mises distribution (1979)",
)
op(
    "random_poisson",
    "key rate",
    rule=Rule("random_of"),
    forward=samplers.poisson,
    examples=(example(_KEY, (2, 3)), example(_KEY, ()), example(_KEY, (0, 2))),
    flops=300,
    domain=(0.0, 20.0),
    doc="Random counts of Poisson distributions.",
    source="Hormann: The transformed rejection method for generating Poisson random variables (1993), PTRS",
)
op(
    "random_binomial",
    "key count prob",
    rule=Rule("random_of"),
    forward=samplers.binomial,
    examples=(example(_KEY, (2, 3), (2, 3)), example(_KEY, (), ()), example(_KEY, (0, 2), (0, 2))),
    flops=300,
    domain=(0.0, 1.0),
    doc="Random counts of successes in so many trials with these chances.",
    source="Hormann: The generation of binomial random variates (1993), BTRS",
)
