"""Draws beyond the uniform and the normal: counts, gammas, shares, and what fills a tensor with them.

Counts, gammas and shares take trials, which is not composed: each is a primitive with a key. The others are
functions of even or normal numbers.
"""

from __future__ import annotations

import math
from typing import Any, Final

from telegrad import _primitives as p
from telegrad.making.creation import into
from telegrad.making.generator import Generator, next_key
from telegrad.making.promotion import cast, constant, promote_operands
from telegrad.random import standard_normal, uniform
from telegrad.recording.registry import FUNCTIONS, function
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import float64, int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError
from telegrad_proto.shapes import broadcast


def _require_float(x: Tensor, name: str) -> None:
    if x.dtype.kind != "f":
        raise DTypeError(f'"{name}" not implemented for {x.dtype.name!r}: requires a floating point type')


@function(method=False)
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts of Poisson distributions of these rates; no gradient flows through."""
    _require_float(input, "poisson")
    return p.random_poisson(next_key(generator), input.detach())


@function(method=False)
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts of successes in so many trials; no gradient flows through.

    Shape: count and prob broadcast

    Raises:
        DTypeError: the two are not floating point numbers of one type.
    """
    _require_float(prob, "binomial")
    if count.dtype is not prob.dtype:
        raise DTypeError(f"binomial: found dtype {prob.dtype.name} but expected {count.dtype.name}")
    count, prob = promote_operands(count.detach(), prob.detach())
    shape = broadcast(count._spec.shape, prob._spec.shape)
    count, prob = (p.broadcast_to(x, shape=shape) for x in (count, prob))
    return p.random_binomial(next_key(generator), count, prob)


def standard_von_mises(concentration: Tensor) -> Tensor:
    """Angles in [-pi, pi] of von Mises distributions around 0; no gradient flows through."""
    return p.random_von_mises(next_key(None), concentration.detach())


@function(name="_standard_gamma", label="StandardGammaBackward0", method=False)
def standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of gamma distributions of rate 1, which move with the parameter as quantiles do."""
    _require_float(input, "gamma")
    return p.random_gamma(next_key(generator), input)


@function(name="_standard_gamma_grad", label="StandardGammaGradBackward0", method=False)
def standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """How a gamma draw moves with its parameter.

    Shape: input, the parameter, and output, the draw, broadcast
    """
    return p.gamma_slope(input, output, order=1)


@function(name="_sample_dirichlet", label="SampleDirichletBackward0", method=False)
def sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Shares that sum to 1 along the last axis, of Dirichlet distributions; they move as quantiles do."""
    _require_float(input, "dirichlet")
    return p.random_dirichlet(next_key(generator), input)


@function(name="_dirichlet_grad", label="DirichletGradBackward0", method=False)
def dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """How a share moves with its parameter, over what is left of 1.

    Shape: x, alpha and total broadcast
    """
    rest = p.sub(constant(1, x.dtype), x)
    return p.div(p.beta_slope(x, alpha, p.sub(total, alpha), m=1, n=0), rest)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Positions drawn with the weights of each row.

    Shape: input (n,) or (m, n); result (num_samples,) or (m, num_samples), int64.

    Raises:
        ShapeError: more than two dimensions.
        ArgumentError: more samples than a row has, without replacement.
        DTypeError: the weights are no floating point numbers, or `out` is not int64.
    """
    for name, kind, found in (
        ("num_samples", "int", type(num_samples)),
        ("replacement", "bool", type(replacement)),
    ):
        if found.__name__ != kind:
            raise TypeError(f"multinomial(): argument '{name}' must be {kind}, not {found.__name__}")
    spec = input._spec
    if spec.dtype.kind != "f":
        raise DTypeError(f"multinomial only supports floating-point dtypes for input, got: {spec.dtype.name}")
    if spec.ndim not in (1, 2):
        raise ShapeError("prob_dist must be 1 or 2 dim")
    if out is not None and out.dtype is not int64:
        raise DTypeError(f"multinomial expects Long tensor out, got: {out.dtype.name}")
    count = spec.shape[-1]
    if num_samples <= 0:
        raise ArgumentError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > count:
        raise ArgumentError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    axis = spec.ndim - 1
    weights = _checked_weights(cast(input.detach(), float64), axis, 1 if replacement else num_samples)
    if replacement:
        total = p.cumsum(weights, axis=axis, reverse=False)
        last = p.amax(total, axes=(axis,), keepdims=True)
        drawn = p.mul(uniform((*spec.shape[:-1], num_samples), float64, generator), last)
        made = p.searchsorted(total, drawn, right=True)
    else:
        # The largest of log(weight) + Gumbel noise, one after the other, are draws without replacement.
        noise = p.neg(p.log(p.neg(p.log(uniform(spec.shape, float64, generator)))))
        _, order = p.sort(p.add(p.log(weights), noise), axis=axis, descending=True, stable=True)
        starts, limits = (0,) * spec.ndim, (*spec.shape[:-1], num_samples)
        made = p.slice(order, starts=starts, limits=limits, strides=(1,) * spec.ndim)
    return made if out is None else into(out, made)


def _checked_weights(weights: Tensor, axis: int, needed: int) -> Tensor:
    """The weights, which are looked at when the draw is computed."""
    zero = constant(0, float64)
    good = p.logical_and(p.isfinite(weights), p.ge(weights, zero))
    words = "probability tensor contains either `inf`, `nan` or element < 0"
    weights = p.require(weights, good, message=words)
    some = p.sum(p.cast(p.gt(weights, zero), dtype=int64), axes=(axis,), keepdims=False)
    words = "invalid multinomial distribution (sum of probabilities <= 0)"
    if needed > 1:
        words = (
            "invalid multinomial distribution (with replacement=False, not enough non-negative category to "
            "sample)"
        )
    return p.require(weights, p.ge(some, constant(needed, int64)), message=words)


def cauchy_(
    self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Itself, with numbers of a Cauchy distribution."""
    _require_float(self, "cauchy_")
    if sigma <= 0:
        raise ArgumentError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    writing.check_writable(self)
    drawn = uniform(self._spec.shape, self.dtype, generator)
    angle = p.mul(p.sub(drawn, constant(0.5, self.dtype)), constant(math.pi, self.dtype))
    scaled = p.mul(p.tan(angle), constant(sigma, self.dtype))
    return writing.write(self, p.add(scaled, constant(median, self.dtype)))


def log_normal_(
    self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Itself, with numbers whose logarithms are normal."""
    if std <= 0:
        raise ArgumentError(f"log_normal_ expects std > 0.0, but found std={std}")
    writing.check_writable(self)
    drawn = p.mul(standard_normal(self._spec.shape, self.dtype, generator), constant(std, self.dtype))
    return writing.write(self, p.exp(p.add(drawn, constant(mean, self.dtype))))


def geometric_(self: Tensor, p_: Any = None, *, generator: Generator | None = None, **named: Any) -> Tensor:
    """Itself, with numbers of trials up to the first success, from 1 on."""
    chance = float(named.pop("p", p_))
    if not 0 < chance < 1:
        raise ArgumentError(f"geometric_ expects p to be in (0, 1), but got p={chance}")
    writing.check_writable(self)
    drawn = p.log1p(p.neg(uniform(self._spec.shape, float64, generator)))
    failures = p.floor(p.div(drawn, constant(math.log1p(-chance), float64)))
    return writing.write(self, cast(p.add(failures, constant(1, float64)), self.dtype))


FUNCTIONS[""]["multinomial"] = multinomial

METHODS: Final = (cauchy_, log_normal_, geometric_, multinomial)
for _method in METHODS:
    setattr(Tensor, _method.__name__, _method)
