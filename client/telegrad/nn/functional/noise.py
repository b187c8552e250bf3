"""Noise in training: elements or whole channels set to zero, slopes drawn at random."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.operands import axes_of, detached, like
from telegrad.nn.functional.activation import BOTH, HERE
from telegrad.nn.functional.shares import shares
from telegrad.random import uniform
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError


def _kept(x: Tensor, share: float, shape: tuple[int, ...]) -> Tensor:
    """True with the probability 1 - share."""
    real = x.dtype.to_real()
    drawn = uniform(shape, real)
    return p.ge(drawn, like(drawn, share))


def dropped(x: Tensor, share: float, shape: tuple[int, ...] | None = None) -> Tensor:
    """x with a share of it set to 0 and the rest scaled up, so that sums stay the same on average.

    Raises:
        ArgumentError: the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {share}")
    if share == 0:
        return p.identity(x)
    if share == 1:
        return p.mul(x, like(x, 0))
    kept = _kept(x, share, tuple(x.shape) if shape is None else shape)
    return p.mul(x, p.where(kept, like(x, 1 / (1 - share)), like(x, 0)))


@function(namespace=HERE, label="MulBackward0")
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """The input with a share p of its elements set to 0 and the rest scaled up, in training."""
    return dropped(input, p) if training else input


@function(name="dropout", label="MulBackward0", method=False)
def _old_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """The input with a share p of its elements set to 0 and the rest scaled up."""
    return dropped(input, p) if train else input


def _channels(x: Tensor, spatial: int, name: str) -> tuple[int, ...]:
    """The shape of one draw a channel: with a batch dimension, or without."""
    if x.ndim not in (spatial + 1, spatial + 2):
        raise ShapeError(
            f"{name}: Expected {spatial + 1}D or {spatial + 2}D input, but received a {x.ndim}D input."
        )
    lead = x.ndim - spatial
    return tuple(n if i < lead else 1 for i, n in enumerate(x.shape))


@function(namespace=HERE, label="MulBackward0")
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """The input with a share p of its channels set to 0 and the rest scaled up."""
    return dropped(input, p, _channels(input, 1, "dropout1d")) if training else input


@function(namespace=HERE, label="MulBackward0")
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """The input with a share p of its channels set to 0 and the rest scaled up."""
    return dropped(input, p, _channels(input, 2, "dropout2d")) if training else input


@function(namespace=HERE, label="MulBackward0")
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """The input with a share p of its channels set to 0 and the rest scaled up."""
    return dropped(input, p, _channels(input, 3, "dropout3d")) if training else input


#: What a selu tends to on the left: the value of an element that is dropped.
_SELU_LIMIT = -1.7580993408473766


def _alpha_dropped(x: Tensor, share: float, shape: tuple[int, ...]) -> Tensor:
    if not 0 <= share <= 1:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {share}")
    if share in (0, 1):
        return p.identity(x) if share == 0 else p.mul(x, like(x, 0))
    scale = float((1 - share) * (1 + share * _SELU_LIMIT**2)) ** -0.5
    shift = -scale * share * _SELU_LIMIT
    held = p.where(_kept(x, share, shape), x, like(x, _SELU_LIMIT))
    return p.add(p.mul(held, like(x, scale)), like(x, shift))


@function(namespace=HERE, label="AddBackward0")
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """A dropout that keeps mean and variance of what selu gives."""
    return _alpha_dropped(input, p, tuple(input.shape)) if training else input


@function(name="alpha_dropout", label="AddBackward0", method=False)
def _old_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """A dropout that keeps mean and variance of what selu gives."""
    return _alpha_dropped(input, p, tuple(input.shape)) if train else input


def _whole_features(x: Tensor) -> tuple[int, ...]:
    if x.ndim < 2:
        raise ShapeError("Feature dropout requires at least 2 dimensions in the input")
    return tuple(n if i < 2 else 1 for i, n in enumerate(x.shape))


@function(label="MulBackward0", method=False)
def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """The input with a share p of its channels set to 0 and the rest scaled up."""
    return dropped(input, p, _whole_features(input)) if train else input


@function(name="feature_alpha_dropout", label="AddBackward0", method=False)
def _old_feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """A dropout of whole channels that keeps mean and variance of what selu gives."""
    return _alpha_dropped(input, p, _whole_features(input)) if train else input


@function(namespace=HERE, label="AddBackward0")
def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """A dropout of whole channels that keeps mean and variance of what selu gives."""
    return _alpha_dropped(input, p, _whole_features(input)) if training else input


@function(namespace=BOTH, label="RreluWithNoiseBackward0")
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """A leaky relu whose slope below 0 is drawn between two bounds; their mean out of training."""
    if lower > upper:
        raise ArgumentError(
            f"rrelu: Lower bound should be less than or equal to the upper bound, got {lower} and {upper}"
        )
    x = input
    if training:
        drawn = uniform(tuple(x.shape), x.dtype)
        slope = p.add(p.mul(drawn, like(x, upper - lower)), like(x, lower))
    else:
        slope = like(x, (lower + upper) / 2)
    return p.where(p.gt(x, like(x, 0)), x, p.mul(x, slope))


@function(namespace=HERE, label="SoftmaxBackward0")
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A softened draw from the classes that the logits weigh; `hard` rounds it, not its gradient."""
    drawn = uniform(tuple(logits.shape), logits.dtype)
    # 1 - u is in (0, 1]: its logarithm is finite, and 0 gives an infinite noise that never wins or always
    # does.
    one = like(drawn, 1)
    noise = p.neg(p.log(p.neg(p.log(p.sub(one, p.mul(drawn, like(drawn, 1 - 1e-7)))))))
    soft = shares(p.div(p.add(logits, noise), like(logits, tau)), dim)
    if not hard:
        return soft
    (axis,) = axes_of(dim, soft.ndim)
    fixed = detached(soft)
    best = p.eq(fixed, p.amax(fixed, axes=(axis,), keepdims=True))
    rounded = p.where(best, one, like(soft, 0))
    return p.add(rounded, p.sub(soft, fixed))
