"""Where parameters and values may lie.

A constraint's `check(value)` gives a bool tensor, one bool an event. What it says is written once for tensors
and for NumPy arrays: values that are known here are looked at without asking the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from telegrad.functions.joining import stack as stacked
from telegrad.linalg.decompositions import eigvalsh
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class Constraint:
    """A region; the base of all of them.

    Attributes:
        is_discrete: its values are apart from each other.
        event_dim: how many of the last dimensions make one value.
        bounds: numbers or tensors that `holds` gets beside the value.
    """

    is_discrete: Any = False
    event_dim: Any = 0
    bounds: tuple[Any, ...] = ()

    def check(self, value: Any) -> Any:
        """Whether each value lies in the region.

        Shape: (..., event) gives (...)
        """
        return self.holds(value, *self.bounds)

    def holds(self, value: Any, *bounds: Any) -> Any:
        """As `check`, with the bounds given; of tensors, or of arrays throughout."""
        raise ArgumentError(f"{self}: cannot be checked by itself")

    def cheaply(self, value: Any) -> Any:
        """What is checked of a value that only the server will know."""
        return self.check(value)

    def __repr__(self) -> str:
        return type(self).__name__.removeprefix("_") + "()"


def known(x: Any) -> Any:
    """The array of a tensor where it is known here, a number as it is, else None."""
    if not isinstance(x, Tensor):
        return x
    return getattr(x._refresh(), "local", None)


def shown(bound: Any) -> str:
    """A bound in words, without looking at what is not known here."""
    if isinstance(bound, Tensor) and known(bound) is None:
        return f"Tensor of shape {tuple(bound.shape)}"
    return str(bound)


class _Dependent(Constraint):
    """A region that depends on other parameters."""

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> None:
        self.is_discrete = is_discrete
        self.event_dim = event_dim

    def __call__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> _Dependent:
        """Another one, of which more is known."""
        return _Dependent(
            is_discrete=self.is_discrete if is_discrete is NotImplemented else is_discrete,
            event_dim=self.event_dim if event_dim is NotImplemented else event_dim,
        )

    def check(self, value: Any) -> Any:
        raise ArgumentError("Cannot determine validity of dependent constraint")


def is_dependent(constraint: Any) -> bool:
    """Whether the region is known only together with other parameters."""
    if isinstance(constraint, _Independent):
        return is_dependent(constraint.base_constraint)
    return isinstance(constraint, _Dependent)


class _DependentProperty(property, _Dependent):
    """A property of a distribution that is a constraint; on the class it is a dependent one."""

    def __init__(
        self,
        fn: Callable[..., Any] | None = None,
        *,
        is_discrete: Any = NotImplemented,
        event_dim: Any = NotImplemented,
    ) -> None:
        property.__init__(self, fn)
        self.is_discrete = is_discrete
        self.event_dim = event_dim

    def __call__(self, fn: Any = None, **named: Any) -> Any:
        return _DependentProperty(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


class _Independent(Constraint):
    """Several dimensions more of another constraint belong to one value."""

    def __init__(self, base_constraint: Any, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        base = base_constraint.event_dim
        self.event_dim = NotImplemented if base is NotImplemented else base + reinterpreted_batch_ndims
        self.bounds = base_constraint.bounds

    def holds(self, value: Any, *bounds: Any) -> Any:
        inside = self.base_constraint.holds(value, *bounds)
        count = self.reinterpreted_batch_ndims
        if len(inside.shape) < count:
            expected = self.base_constraint.event_dim + count
            raise ArgumentError(f"Expected value.dim() >= {expected} but got {len(value.shape)}")
        return _all_last(inside, count)

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


def _all_last(inside: Any, count: int) -> Any:
    for _ in range(count):
        inside = inside.all(-1)
    return inside


class _Boolean(Constraint):
    is_discrete = True

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def holds(self, value: Any, *bounds: Any) -> Any:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Interval(Constraint):
    """Numbers between two bounds."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound
        self.bounds = (lower_bound, upper_bound)

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (bounds[0] <= value) & (value <= bounds[1])

    def __repr__(self) -> str:
        name = type(self).__name__.removeprefix("_")
        return f"{name}(lower_bound={shown(self.lower_bound)}, upper_bound={shown(self.upper_bound)})"


class _HalfOpenInterval(_Interval):
    def holds(self, value: Any, *bounds: Any) -> Any:
        return (bounds[0] <= value) & (value < bounds[1])


class _IntegerInterval(_Interval):
    is_discrete = True

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (value % 1 == 0) & (bounds[0] <= value) & (value <= bounds[1])


class _Bounded(Constraint):
    """Numbers on one side of a bound."""

    def __init__(self, bound: Any) -> None:
        self.bounds = (bound,)

    @property
    def lower_bound(self) -> Any:
        return self.bounds[0]

    upper_bound = lower_bound

    def __repr__(self) -> str:
        side = "upper" if isinstance(self, _LessThan) else "lower"
        return f"{type(self).__name__.removeprefix('_')}({side}_bound={shown(self.bounds[0])})"


class _GreaterThan(_Bounded):
    def holds(self, value: Any, *bounds: Any) -> Any:
        return value > bounds[0]


class _GreaterThanEq(_Bounded):
    def holds(self, value: Any, *bounds: Any) -> Any:
        return value >= bounds[0]


class _LessThan(_Bounded):
    def holds(self, value: Any, *bounds: Any) -> Any:
        return value < bounds[0]


class _IntegerGreaterThan(_Bounded):
    is_discrete = True

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (value % 1 == 0) & (value >= bounds[0])


class _Real(Constraint):
    def holds(self, value: Any, *bounds: Any) -> Any:
        return value == value  # NaN is not


class Simplex(Constraint):
    event_dim = 1

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (value >= 0).all(-1) & (abs(value.sum(-1) - 1) < 1e-6)


class _Multinomial(Constraint):
    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound
        self.bounds = (upper_bound,)

    def holds(self, value: Any, *bounds: Any) -> Any:
        return (value >= 0).all(-1) & (value.sum(-1) <= bounds[0])


def _is_lower(value: Any) -> Any:
    lower = np.tril(value) if isinstance(value, np.ndarray) else value.tril()
    return (lower == value).all(-1).all(-1)


def _diagonal(value: Any) -> Any:
    return np.diagonal(value, 0, -2, -1) if isinstance(value, np.ndarray) else value.diagonal(0, -2, -1)


class _LowerTriangular(Constraint):
    event_dim = 2

    def holds(self, value: Any, *bounds: Any) -> Any:
        return _is_lower(value)


class _LowerCholesky(Constraint):
    event_dim = 2

    def holds(self, value: Any, *bounds: Any) -> Any:
        return _is_lower(value) & (_diagonal(value) > 0).all(-1)


class _CorrCholesky(Constraint):
    event_dim = 2

    def holds(self, value: Any, *bounds: Any) -> Any:
        tolerance = float(np.finfo(value.dtype.typestr if isinstance(value, Tensor) else value.dtype).eps)
        tolerance *= value.shape[-1] * 10
        unit = (abs((value * value).sum(-1) ** 0.5 - 1) <= tolerance).all(-1)
        return unit & _is_lower(value) & (_diagonal(value) > 0).all(-1)


class _Square(Constraint):
    event_dim = 2

    def holds(self, value: Any, *bounds: Any) -> Any:
        square = value.shape[-2] == value.shape[-1]
        every = (value == value).all(-1).all(-1)  # for its shape
        return (every | True) if square else (every & False)


class _Symmetric(_Square):
    def holds(self, value: Any, *bounds: Any) -> Any:
        if value.shape[-2] != value.shape[-1]:
            return super().holds(value)
        other = value.mT
        return (abs(value - other) <= 1e-6 + 1e-5 * abs(other)).all(-1).all(-1)


class _PositiveSemidefinite(_Symmetric):
    _strict: ClassVar[bool] = False

    def holds(self, value: Any, *bounds: Any) -> Any:
        found = np.linalg.eigvalsh(value) if isinstance(value, np.ndarray) else eigvalsh(value)
        return super().holds(value) & ((found > 0) if self._strict else (found >= 0)).all(-1)

    def cheaply(self, value: Any) -> Any:
        return _Symmetric().check(value)  # the decomposition that follows finds out about the rest


class _PositiveDefinite(_PositiveSemidefinite):
    _strict = True


class _Joined(Constraint):
    """Parts of a value along a dimension, each with its own constraint."""

    def __init__(self, cseq: Sequence[Any], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        self.cseq = list(cseq)
        self.dim = dim
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        self.is_discrete = any(c.is_discrete for c in self.cseq)
        self.event_dim = max(c.event_dim for c in self.cseq)


class _Cat(_Joined):
    def check(self, value: Any) -> Any:
        from telegrad.functions.joining import cat as joined

        found, start = [], 0
        for constraint, length in zip(self.cseq, self.lengths, strict=True):
            found.append(constraint.check(value.narrow(self.dim, start, length)))
            start += length
        return joined(found, self.dim)


class _Stack(_Joined):
    def check(self, value: Any) -> Any:
        parts = [value.select(self.dim, i) for i in range(value.shape[self.dim])]
        return stacked([c.check(v) for c, v in zip(self.cseq, parts, strict=True)], self.dim)


class MixtureSameFamilyConstraint(Constraint):
    """Values that lie in the region of every component of a mixture."""

    def __init__(self, base_constraint: Any) -> None:
        if not isinstance(base_constraint, Constraint):
            given = type(base_constraint).__name__
            raise AssertionError(f"base_constraint must be a Constraint, got {given}")  # noqa: TRY004  # as torch
        self.base_constraint = base_constraint
        self.is_discrete, self.event_dim = base_constraint.is_discrete, base_constraint.event_dim

    def check(self, value: Any) -> Any:
        inside = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        return _all_last(inside, inside.ndim - (value.ndim - self.event_dim))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r})"


dependent = _Dependent()
dependent_property = _DependentProperty
independent = _Independent
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
