"""Activations as modules."""

from __future__ import annotations

import warnings
from typing import Any

from telegrad.nn import functional as F
from telegrad.nn import init as initialisers
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter, new_parameter
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class _Plain(Module):
    """A function without settings.

    Attributes:
        activation: the function.
    """

    activation: Any

    def forward(self, input: Tensor) -> Tensor:
        return type(self).activation(input)  # type: ignore[no-any-return]


class Sigmoid(_Plain):
    """1 / (1 + exp(-x))."""

    activation = staticmethod(F.sigmoid)


class Tanh(_Plain):
    """The hyperbolic tangent."""

    activation = staticmethod(F.tanh)


class LogSigmoid(_Plain):
    """The logarithm of the sigmoid."""

    activation = staticmethod(F.logsigmoid)


class Softsign(_Plain):
    """x / (1 + |x|)."""

    activation = staticmethod(F.softsign)


class Tanhshrink(_Plain):
    """x - tanh(x)."""

    activation = staticmethod(F.tanhshrink)


class _Rewriting(Module):
    """A function that may write its result into its input.

    Attributes:
        activation: the function.
        shown: whether that is printed.
    """

    activation: Any
    shown = True

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def _settings(self) -> tuple[Any, ...]:
        """The function's arguments between the input and `inplace`."""
        return ()

    def forward(self, input: Tensor) -> Tensor:
        return type(self).activation(input, *self._settings(), inplace=self.inplace)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace and self.shown else ""

    def _more(self) -> str:
        return ", inplace=True" if self.inplace else ""


class ReLU(_Rewriting):
    """max(x, 0)."""

    activation = staticmethod(F.relu)


class SiLU(_Rewriting):
    """x times its sigmoid."""

    activation = staticmethod(F.silu)


class Mish(_Rewriting):
    """x tanh(softplus(x))."""

    activation = staticmethod(F.mish)


class SELU(_Rewriting):
    """The scaled exponential linear unit."""

    activation = staticmethod(F.selu)


class Hardsigmoid(_Rewriting):
    """A sigmoid of three straight pieces."""

    activation = staticmethod(F.hardsigmoid)
    shown = False


class Hardswish(_Rewriting):
    """x times its hard sigmoid."""

    activation = staticmethod(F.hardswish)
    shown = False


class Threshold(_Rewriting):
    """x where it is above a threshold, a value else."""

    activation = staticmethod(F.threshold)

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold, self.value = threshold, value

    def _settings(self) -> tuple[Any, ...]:
        return self.threshold, self.value

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{self._more()}"


class Hardtanh(_Rewriting):
    """x between two bounds.

    Raises:
        AssertionError: the bounds are the wrong way round.
    """

    activation = staticmethod(F.hardtanh)

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__(inplace)
        for old, given in (("min_val", min_value), ("max_val", max_value)):
            if given is not None:
                text = f"keyword argument `{old}ue` is deprecated and renamed to `{old}`"
                warnings.warn(text, FutureWarning, stacklevel=2)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        assert self.max_val > self.min_val, (
            f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})"
        )

    def _settings(self) -> tuple[Any, ...]:
        return self.min_val, self.max_val

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}{self._more()}"


class ReLU6(Hardtanh):
    """x between 0 and 6."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ELU(_Rewriting):
    """x above 0, alpha (exp(x) - 1) below."""

    activation = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def _settings(self) -> tuple[Any, ...]:
        return (self.alpha,)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{self._more()}"


class CELU(ELU):
    """x above 0, alpha (exp(x / alpha) - 1) below."""

    activation = staticmethod(F.celu)


class LeakyReLU(_Rewriting):
    """x above 0, a slope times x below."""

    activation = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def _settings(self) -> tuple[Any, ...]:
        return (self.negative_slope,)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}{self._more()}"


class RReLU(_Rewriting):
    """A leaky relu whose slope is drawn at random in training."""

    activation = staticmethod(F.rrelu)

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower, self.upper = lower, upper

    def _settings(self) -> tuple[Any, ...]:
        return self.lower, self.upper, self.training

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}{self._more()}"


class PReLU(Module):
    """A leaky relu whose slope below 0 is learned.

    Shape: weight (num_parameters): one, or one a channel.
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = new_parameter(num_parameters, dtype=dtype, device=device)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the slope to what it was at the start."""
        initialisers.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class GELU(Module):
    """x times the normal distribution function of x, exactly or by a tanh."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(Module):
    """The first half times the sigmoid of the second."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Hardshrink(Module):
    """x, but 0 near 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """x moved towards 0, and 0 near 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softplus(Module):
    """log(1 + exp(beta x)) / beta, and x above a threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class _Shares(Module):
    """A function over one dimension; torch guesses which where none is named."""

    activation: Any

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return type(self).activation(input, self._dim(input.ndim))  # type: ignore[no-any-return]

    def _dim(self, ndim: int) -> int:
        if self.dim is not None:
            return self.dim
        name = type(self).activation.__name__
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as "
            "an argument.",
            UserWarning,
            stacklevel=4,
        )
        return 0 if ndim in (0, 1, 3) else 1

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Shares):
    """The exponentials over their sum."""

    activation = staticmethod(F.softmax)


class Softmin(_Shares):
    """The exponentials of the negative over their sum."""

    activation = staticmethod(F.softmin)


class LogSoftmax(_Shares):
    """The logarithm of the softmax."""

    activation = staticmethod(F.log_softmax)


class Softmax2d(Module):
    """The softmax over the channels of images."""

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ArgumentError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
