"""What every distribution is: shapes, parameters with constraints, and what is computed from them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from telegrad.autograd.mode import no_grad
from telegrad.distributions.constraints import Constraint, is_dependent, known
from telegrad.distributions.parameters import as_tensors, broadcast_all, verified
from telegrad.tensor import Tensor
from telegrad.types import Size
from telegrad_proto.errors import ArgumentError, GraphError


class NotDefinedError(GraphError, NotImplementedError):
    """The distribution has no such quantity, or none in closed form; torch has it neither."""


class Distribution:
    """A distribution, or a batch of them.

    Nothing is computed before somebody looks: draws, densities and the rest are recorded. Arguments are
    looked at (`validate_args`) as early as that costs no message: those that are known here at once, others
    when the server computes what depends on them, where they raise a ValueError too.

    Args:
        batch_shape: the shape of the batch.
        event_shape: the shape of one draw of one member.
        validate_args: whether arguments are looked at; by default as `set_default_validate_args` says.

    Attributes:
        arg_constraints: where the parameters may lie, by name.
        support: where draws lie.
        has_rsample: draws have gradients.
        has_enumerate_support: all values can be listed.
    """

    has_rsample: bool = False
    has_enumerate_support: bool = False
    arg_constraints: Mapping[str, Any] = {}
    support: Any = None
    _validate_args: bool = __debug__
    #: Parameters that `expand` stretches, with the number of their dimensions that belong to an event.
    _dims: ClassVar[Mapping[str, int]] = {}
    _batch_shape: Size
    _event_shape: Size

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Sets whether distributions look at their arguments.

        Raises:
            ArgumentError: not a bool.
        """
        if value not in (True, False):
            raise ArgumentError("validate_args: requires True or False")
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: Sequence[int] = (),
        event_shape: Sequence[int] = (),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                value = self.__dict__.get(name)
                if isinstance(value, Tensor) and name not in self.__dict__.get("_seen", ()):
                    self.__dict__[name] = self._looked_at(name, value, constraint)

    def _adopt(self, validate_args: bool | None, **given: Any) -> None:
        """Takes parameters in: tensors of one shape, looked at before they are stretched to it."""
        tensors = self._verified(validate_args, **given)
        self.__dict__.update(zip(given, broadcast_all(*tensors), strict=True))

    def _verified(self, validate_args: bool | None, **given: Any) -> list[Tensor]:
        """Parameters as tensors, looked at."""
        tensors = as_tensors(given.values())
        self.__dict__.update(zip(given, tensors, strict=True))  # an error tells of all of them
        if self._validate_args if validate_args is None else validate_args:
            for i, (name, value) in enumerate(zip(given, tensors, strict=True)):
                tensors[i] = self._looked_at(name, value, self.arg_constraints.get(name))
        self.__dict__["_seen"] = tuple(given)
        for name in given.keys() - self._dims.keys():
            del self.__dict__[name]
        return tensors

    def _looked_at(self, name: str, value: Tensor, constraint: Any) -> Tensor:
        if constraint is None or is_dependent(constraint):
            return value
        shape = tuple(value.shape)
        return verified(
            value,
            constraint,
            lambda: (
                f"Expected parameter {name} (Tensor of shape {shape}) of distribution {self._described()} to "
                f"satisfy the constraint {constraint!r}"
            ),
        )

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        """The same distribution, its batch stretched to this shape."""
        new = type(self).__new__(type(self)) if _instance is None else _instance
        batch = Size(batch_shape)
        for name, dims in self._dims.items():
            value = self.__dict__.get(name)
            if value is not None:
                new.__dict__[name] = value.expand((*batch, *value.shape[value.ndim - dims :]))
        Distribution.__init__(new, batch, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def batch_shape(self) -> Size:
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        return self._has_no("mean")

    @property
    def mode(self) -> Tensor:
        return self._has_no("mode")

    @property
    def variance(self) -> Tensor:
        return self._has_no("variance")

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws without a gradient.

        Shape: sample_shape + batch_shape + event_shape
        """
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n: int) -> Tensor:
        """So many draws without a gradient; torch would rather have `sample((n,))`."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning, stacklevel=2
        )
        return self.sample((n,))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws through which gradients reach the parameters.

        Shape: sample_shape + batch_shape + event_shape
        """
        return self._has_no("rsample")

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of density or probability.

        Shape: value (..., batch, event) gives (..., batch)
        """
        return self._has_no("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of what is not larger."""
        return self._has_no("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The value below which a draw lies with this probability."""
        return self._has_no("icdf")

    def entropy(self) -> Tensor:
        """The entropy, in natural units."""
        return self._has_no("entropy")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first dimension."""
        return self._has_no("enumerate_support")

    def perplexity(self) -> Tensor:
        """e to the power of the entropy."""
        return self.entropy().exp()

    def _has_no(self, what: str) -> NoReturn:
        raise NotDefinedError(f"{type(self).__name__}: has no {what}")

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Any) -> Any:
        """The value, which lies in the support.

        Raises:
            ArgumentError: it is no tensor, does not broadcast with the distribution, or is known to lie
                outside.
        """
        if not isinstance(value, Tensor):
            raise ArgumentError("The value argument to log_prob must be a Tensor")
        events = len(self._event_shape)
        if value.ndim < events or any(
            a != b for a, b in zip(reversed(value.shape), reversed(self._event_shape), strict=False)
        ):
            raise ArgumentError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        wanted = (*self._batch_shape, *self._event_shape)
        for a, b in zip(reversed(value.shape), reversed(wanted), strict=False):
            if 1 not in (a, b) and a != b:
                raise ArgumentError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{value.shape} vs {Size(wanted)}."
                )
        support = self.support
        if not isinstance(support, Constraint) or is_dependent(support):
            return value
        shape = tuple(value.shape)
        return verified(
            value,
            support,
            lambda: (
                f"Expected value argument (Tensor of shape {shape}) to be within the support "
                f"({support!r}) of the distribution {self._described()}"
            ),
        )

    def _valid(self, value: Any) -> Any:
        """The value, looked at where arguments are."""
        return self._validate_sample(value) if self._validate_args else value

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotDefinedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method "
                "must also define a custom .expand() method."
            )
        return type(self).__new__(type(self)) if _instance is None else _instance

    def _described(self) -> str:
        """As torch prints it, without looking at what is not known here."""
        parts = []
        for name in self.arg_constraints:
            value = self.__dict__.get(name)
            if isinstance(value, Tensor):
                here = known(value) if value.numel() == 1 else None
                parts.append(f"{name}: {value.shape if here is None else value}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __repr__(self) -> str:
        found = {n: v for n in self.arg_constraints if isinstance(v := self.__dict__.get(n), Tensor)}
        parts = [f"{n}: {v if v.numel() == 1 else v.shape}" for n, v in found.items()]
        return f"{type(self).__name__}({', '.join(parts)})"


class Centred(Distribution):
    """A distribution whose mean and mode are where it lies.

    Attributes:
        loc: where.
    """

    loc: Tensor

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc
