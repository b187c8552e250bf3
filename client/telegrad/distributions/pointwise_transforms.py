"""Invertible functions of single numbers."""

from __future__ import annotations

import math
from typing import Any

from telegrad.distributions import constraints
from telegrad.distributions.distribution import NotDefinedError
from telegrad.distributions.parameters import eps_of, tiny_of, total_last
from telegrad.distributions.transform import Shape, Transform
from telegrad.nn.functional.activation import softplus
from telegrad.tensor import Tensor
from telegrad_proto.shapes import broadcast


class _Plain(Transform):
    """One without parameters: two of a kind are equal."""

    bijective = True
    domain: Any = constraints.real
    codomain: Any = constraints.real

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @property
    def sign(self) -> Any:
        return 1


class ExpTransform(_Plain):
    """e to the power of x."""

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class SigmoidTransform(_Plain):
    """1 / (1 + exp(-x))."""

    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        return x.sigmoid().clamp(min=tiny_of(x.dtype), max=1.0 - eps_of(x.dtype))

    def _inverse(self, y: Tensor) -> Tensor:
        y = y.clamp(min=tiny_of(y.dtype), max=1.0 - eps_of(y.dtype))
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


class SoftplusTransform(_Plain):
    """log(1 + exp(x))."""

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x)


class TanhTransform(_Plain):
    """The hyperbolic tangent."""

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))


class AbsTransform(_Plain):
    """The absolute value; its inverse is the positive of both."""

    bijective = False
    codomain = constraints.positive

    @property
    def sign(self) -> Any:
        raise NotDefinedError("AbsTransform: has no sign")

    def _call(self, x: Tensor) -> Tensor:
        return abs(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return y


def _same(a: Any, b: Any) -> bool:
    """Whether two parameters are equal; tensors are looked at."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return a is b or bool((a == b).all())
    return bool(a == b)


class PowerTransform(Transform):
    """x to a power.

    Args:
        exponent: a number or a tensor.
        cache_size: as Transform has it.
    """

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and _same(self.exponent, other.exponent)

    def __hash__(self) -> int:
        return hash(PowerTransform)

    @property
    def sign(self) -> Any:
        return (
            self.exponent.sign()
            if isinstance(self.exponent, Tensor)
            else int(math.copysign(1, self.exponent))
        )

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return abs(self.exponent * y / x).log()

    def forward_shape(self, shape: Shape) -> Shape:
        return broadcast(tuple(shape), tuple(getattr(self.exponent, "shape", ())))

    inverse_shape = forward_shape


class AffineTransform(Transform):
    """loc + scale * x.

    Args:
        loc: a number or a tensor.
        scale: a number or a tensor.
        event_dim: how many of the last dimensions make one value.
        cache_size: as Transform has it.
    """

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self) -> int:
        return self._event_dim

    @property
    def domain(self) -> Any:
        return (
            constraints.independent(constraints.real, self._event_dim)
            if self._event_dim
            else constraints.real
        )

    @property
    def codomain(self) -> Any:
        return self.domain

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AffineTransform)
            and _same(self.loc, other.loc)
            and _same(self.scale, other.scale)
        )

    def __hash__(self) -> int:
        return hash(AffineTransform)

    @property
    def sign(self) -> Any:
        if isinstance(self.scale, Tensor):
            return self.scale.sign()
        return 1 if float(self.scale) > 0 else -1 if float(self.scale) < 0 else 0

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        shape = tuple(x.shape)
        size = abs(self.scale)
        slope = size.log() if isinstance(size, Tensor) else x.new_full((), math.log(size))
        slope = slope.expand(broadcast(tuple(slope.shape), shape[len(shape) - self._event_dim :]))
        made = total_last(slope, self._event_dim)
        return made.expand(broadcast(tuple(made.shape), shape[: len(shape) - self._event_dim]))

    def forward_shape(self, shape: Shape) -> Shape:
        loc, scale = (tuple(getattr(part, "shape", ())) for part in (self.loc, self.scale))
        return broadcast(tuple(shape), broadcast(loc, scale))

    inverse_shape = forward_shape
