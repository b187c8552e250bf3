"""nn.init: how parameters start. All fill the tensor in place, without recording it for gradients."""

from __future__ import annotations

import math
import warnings
from typing import Any, NoReturn

from telegrad.autograd.mode import no_grad
from telegrad.making.generator import Generator
from telegrad.random import standard_normal, uniform
from telegrad.recording.registry import FUNCTIONS, absent, complete
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much a nonlinearity asks the weights before it to be larger.

    Raises:
        ArgumentError: no gain is known for it, or the slope is no number.
    """
    linear = (
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
    )
    if nonlinearity in linear or nonlinearity == "sigmoid":
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            slope = 0.01
        elif isinstance(param, (int, float)) and not isinstance(param, bool):
            slope = param
        else:
            raise ArgumentError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ArgumentError(f"Unsupported nonlinearity {nonlinearity}")


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs and outputs each of a weight's units is connected to.

    Shape: tensor (outputs, inputs, *receptive field).

    Raises:
        ArgumentError: fewer than two dimensions.
    """
    if tensor.ndim < 2:
        raise ArgumentError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    outputs, inputs, *field = tensor.shape
    return inputs * math.prod(field), outputs * math.prod(field)


def _fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return fans(tensor)[mode == "fan_out"]


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """The tensor, filled evenly from [a, b)."""
    filled: Tensor = tensor.uniform_(a, b, generator=generator)
    return filled


@no_grad()
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """The tensor, filled from a normal distribution."""
    filled: Tensor = tensor.normal_(mean, std, generator=generator)
    return filled


@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """The tensor, filled from a normal distribution cut off below a and above b.

    Source: the inverse of the cumulative distribution, as
    https://people.sc.fsu.edu/~jburkardt/presentations/truncated_normal.pdf has it.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )
    low, high = (0.5 * (1 + math.erf((x - mean) / std / math.sqrt(2.0))) for x in (a, b))
    drawn = uniform(tuple(tensor.shape), tensor.dtype, generator)
    spread: Tensor = (drawn * (2 * (high - low)) + (2 * low - 1)).erfinv()
    filled: Tensor = tensor.copy_((spread * (std * math.sqrt(2.0)) + mean).clamp(a, b))
    return filled


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """The tensor, this number everywhere."""
    filled: Tensor = tensor.fill_(val)
    return filled


def ones_(tensor: Tensor) -> Tensor:
    """The tensor, all ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """The tensor, all zeros."""
    return constant_(tensor, 0.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """The matrix, ones on the diagonal and zeros else.

    Raises:
        ArgumentError: it is no matrix.
    """
    if tensor.ndim != 2:
        raise ArgumentError("Only tensors with 2 dimensions are supported")
    filled: Tensor = tensor.copy_(FUNCTIONS[""]["eye"](*tensor.shape, dtype=tensor.dtype))
    return filled


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The weight of a convolution, one that hands its input on as far as there are channels.

    Raises:
        ArgumentError: it is no weight of a convolution, or the groups do not divide its outputs.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ArgumentError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *field = tensor.shape
    if outputs % groups:
        raise ArgumentError("dim 0 must be divisible by groups")
    tensor.zero_()
    middle = tuple(n // 2 for n in field)
    per_group = outputs // groups
    for group in range(groups):
        for channel in range(min(per_group, inputs)):
            tensor[(group * per_group + channel, channel, *middle)] = 1
    return tensor


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """The tensor, filled evenly so that signals keep their variance both ways (Glorot & Bengio 2010)."""
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """The tensor, filled normally so that signals keep their variance both ways (Glorot & Bengio 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    return calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """The tensor, filled evenly so that signals keep their variance through rectifiers (He et al. 2015)."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    return uniform_(tensor, -math.sqrt(3.0) * std, math.sqrt(3.0) * std, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """The tensor, filled normally so that signals keep their variance through rectifiers (He et al. 2015)."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0.0, std, generator)


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """The tensor, its rows, or its columns where these are fewer, orthogonal (Saxe et al. 2013).

    Raises:
        ArgumentError: fewer than two dimensions.
    """
    if tensor.ndim < 2:
        raise ArgumentError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    flat = standard_normal((rows, columns), tensor.dtype, generator)
    complete()
    q, r = FUNCTIONS["linalg"]["qr"](flat.T if rows < columns else flat)
    # The signs make the draw uniform over the orthogonal matrices.
    q = q * r.diagonal().sign()
    filled: Tensor = tensor.copy_((q.T if rows < columns else q).reshape(tensor.shape) * gain)
    return filled


@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """The matrix, filled normally, in each column a share of zeros at random.

    Raises:
        ArgumentError: it is no matrix.
    """
    if tensor.ndim != 2:
        raise ArgumentError("Only tensors with 2 dimensions are supported")
    rows = tensor.shape[0]
    order = uniform(tuple(tensor.shape), tensor.dtype, generator).argsort(dim=0).argsort(dim=0)
    drawn = standard_normal(tuple(tensor.shape), tensor.dtype, generator) * std
    filled: Tensor = tensor.copy_(drawn * (order >= math.ceil(sparsity * rows)).to(tensor.dtype))
    return filled


def _old(name: str, function: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(
            f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.", FutureWarning, stacklevel=2
        )
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The old name of `{name}_`."
    return call


constant, eye, dirac = _old("constant", constant_), _old("eye", eye_), _old("dirac", dirac_)
normal = _old("normal", normal_)
xavier_uniform, xavier_normal = _old("xavier_uniform", xavier_uniform_), _old("xavier_normal", xavier_normal_)
kaiming_uniform = _old("kaiming_uniform", kaiming_uniform_)
kaiming_normal = _old("kaiming_normal", kaiming_normal_)
orthogonal, sparse = _old("orthogonal", orthogonal_), _old("sparse", sparse_)
_calculate_fan_in_and_fan_out = fans


def __getattr__(name: str) -> NoReturn:
    raise absent("module 'telegrad.nn.init'", "torch.nn.init", name)
