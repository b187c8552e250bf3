"""Losses of scores for classes, and of the class that is right."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.operands import count_of, filled, like, positions, tensor_of
from telegrad.making.promotion import Number, constant
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.reducing import chosen, reduced, weighted_mean
from telegrad.nn.functional.shares import log_shares
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import int64, uint8
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _along_classes(x: Tensor, vector: Tensor, axis: int) -> Tensor:
    """A vector of one number a class, to be stretched against x."""
    return p.reshape(vector, shape=tuple(vector.shape[0] if i == axis else 1 for i in range(x.ndim)))


def _check_classes(input: Tensor, target: Tensor, weight: Tensor | None) -> int:
    """The axis of classes.

    Raises:
        ShapeError: sizes do not fit.
        DTypeError: the targets are neither int64 nor uint8.
    """
    if not input.ndim:
        raise ShapeError("Expected input to have at least 1 dimension")
    axis = 0 if input.ndim == 1 else 1
    want = tuple(n for i, n in enumerate(input.shape) if i != axis)
    have = tuple(target.shape)
    if input.ndim == 1 and have == (1,):
        want = have
    if have[:1] != want[:1]:
        raise ArgumentError(
            f"Expected input batch_size ({want[0] if want else 1}) to match target batch_size "
            f"({have[0] if have else 1})."
        )
    if have != want:
        raise ShapeError(f"Expected target size {list(want)}, got {list(have)}")
    if target.dtype not in (int64, uint8):
        raise DTypeError(f"expected target dtype to be Long or Byte, but got {scalar_name(target.dtype)}")
    if weight is not None and tuple(weight.shape) != (input.shape[axis],):
        raise ShapeError(
            "weight tensor should be defined either for all or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )
    return axis


def picked(x: Tensor, target: Tensor, axis: int) -> Tensor:
    """The element of each target's class.

    Shape: (n, classes, ...) and (n, ...) to (n, ...); (classes,) and () to ().
    """
    narrow = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    found = p.gather(x, p.reshape(target, shape=narrow), axis=axis)
    return p.reshape(found, shape=tuple(target.shape))


def _counted(
    x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Which targets are ignored, all of them as classes that there are, and how much each counts."""
    target = tensor_of(target, int64)
    ignored = p.eq(target, constant(ignore_index, int64))
    safe = p.where(ignored, constant(0, int64), target)
    share = like(x, 1) if weight is None else picked_weight(tensor_of(weight, x.dtype), safe)
    return ignored, safe, p.where(ignored, like(x, 0), share)


def _nll(
    x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, axis: int
) -> Tensor:
    if not x.numel() and not x.shape[axis]:
        raise ShapeError("nll_loss: Expected a non-empty dimension of classes")
    ignored, safe, share = _counted(x, target, weight, ignore_index)
    # An ignored element's score may be infinite: it is left out, not multiplied by 0.
    loss = p.mul(p.where(ignored, like(x, 0), p.neg(picked(x, safe, axis))), share)
    return weighted_mean(loss, share) if reduction == "mean" else reduced(loss, reduction)


def picked_weight(weight: Tensor, target: Tensor) -> Tensor:
    """The weight of each target's class."""
    return p.index(weight, target, axes=(0,))


@function(namespace=HERE, label="NllLossBackward0", coupled=True)
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Less the logarithm that the input has for each target's class."""
    reduction = chosen(reduction, size_average, reduce)
    axis = _check_classes(input, target, weight)
    out = _nll(input, target, weight, ignore_index, reduction, axis)
    return _named(out, input.ndim, reduction)


def _named(out: Tensor, ndim: int, reduction: str) -> Tensor:
    if ndim <= 2:
        return labelled(out, "NllLossBackward0")
    plain = ndim == 4 or reduction != "none"
    return labelled(out, "NllLoss2DBackward0" if plain else "ViewBackward0")


@function(namespace=HERE, label=None)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Less the logarithm of the softmax at each target's class; targets may be shares of all classes instead.

    Raises:
        ArgumentError: label_smoothing is not in [0, 1].
        DTypeError: shares that are no floating point numbers.
    """
    reduction = chosen(reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    axis = 0 if input.ndim == 1 else 1
    if input.shape == target.shape and input.ndim:
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing, axis)
    axis = _check_classes(input, target, weight)
    logs = log_shares(input, axis)
    loss = _named(_nll(logs, target, weight, ignore_index, reduction, axis), input.ndim, reduction)
    if not label_smoothing:
        return loss
    classes = input.shape[axis]
    spread = logs if weight is None else p.mul(logs, _along_classes(logs, weight, axis))
    smooth = p.reshape(p.neg(p.sum(spread, axes=(axis,), keepdims=False)), shape=tuple(target.shape))
    ignored, _, share = _counted(logs, target, weight, ignore_index)
    smooth = p.where(ignored, like(smooth, 0), smooth)
    smooth = weighted_mean(smooth, share) if reduction == "mean" else reduced(smooth, reduction)
    kept: Number = 1 - label_smoothing
    return labelled(
        p.add(p.mul(loss, like(loss, kept)), p.mul(smooth, like(smooth, label_smoothing / classes))),
        "AddBackward0",
    )


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float, axis: int
) -> Tensor:
    if target.dtype.kind != "f":
        raise DTypeError(
            f"Expected floating point type for target with class probabilities, got "
            f"{scalar_name(target.dtype)}"
        )
    shares = tensor_of(target, input.dtype)
    classes = input.shape[axis]
    if label_smoothing:
        kept = p.mul(shares, like(shares, 1 - label_smoothing))
        shares = p.add(kept, like(shares, label_smoothing / classes))
    loss = p.mul(log_shares(input, axis), shares)
    if weight is not None:
        loss = p.mul(loss, _along_classes(loss, weight, axis))
    if reduction == "none":
        return labelled(p.neg(p.sum(loss, axes=(axis,), keepdims=False)), "NegBackward0")
    total = p.neg(p.sum(loss, axes=tuple(range(loss.ndim)), keepdims=False))
    if reduction == "sum":
        return labelled(total, "NegBackward0")
    others = count_of(input.shape, [i for i in range(input.ndim) if i != axis])
    return labelled(p.div(total, like(total, others if input.numel() else 0)), "DivBackward1")


@function(namespace=HERE)
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far each wrong class comes within a margin of the right one, or that squared where p is 2.

    Raises:
        ArgumentError: p is neither 1 nor 2.
    """
    reduction = chosen(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ArgumentError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ArgumentError(
            f"multi_margin_loss: weight must be one-dimensional, got {weight.ndim} dimensions"
        )
    return _multi_margin(input, tensor_of(target, int64), int(p), margin, weight, reduction)


def _multi_margin(
    input: Tensor, target: Tensor, order: int, margin: float, weight: Tensor | None, reduction: str
) -> Tensor:
    if input.ndim > 2 or (input.ndim and not input.shape[-1]):
        raise ShapeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )
    single = input.ndim < 2
    classes = input.shape[-1] if input.ndim else 1
    x = p.reshape(input, shape=(1, classes)) if single else input
    rows = x.shape[0]
    t = p.reshape(target, shape=(rows, 1))
    right = p.gather(x, t, axis=1)
    gap = p.add(p.sub(x, right), like(x, margin))
    zero = like(x, 0)
    gap = p.where(p.gt(gap, zero), gap, zero)
    loss = p.mul(gap, gap) if order == 2 else gap
    if weight is not None:
        loss = p.mul(loss, p.reshape(picked_weight(weight, p.reshape(t, shape=(rows,))), shape=(rows, 1)))
    itself = p.eq(p.reshape(positions(classes), shape=(1, classes)), t)
    loss = p.sum(p.where(itself, zero, loss), axes=(1,), keepdims=False)
    loss = p.div(loss, like(loss, classes))
    return reduced(_unbatched(loss, single and not target.ndim), reduction)


def _unbatched(loss: Tensor, single: bool) -> Tensor:
    return p.reshape(loss, shape=()) if single else loss


@function(namespace=HERE)
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far each wrong class comes within 1 of each right one; these are listed up to a row's first -1."""
    reduction = chosen(reduction, size_average, reduce)
    if input.ndim > 2 or (input.ndim and not input.shape[-1]):
        raise ShapeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )
    single = input.ndim < 2
    classes = input.shape[-1] if input.ndim else 1
    x = p.reshape(input, shape=(1, classes)) if single else input
    rows = x.shape[0]
    t = p.reshape(tensor_of(target, int64), shape=(rows, classes))
    listed = p.cumprod(p.cast(p.ge(t, constant(0, int64)), dtype=int64), axis=1)
    place = p.mul(listed, t)
    counted = p.scatter_add(filled((rows, classes), 0, int64), place, listed, axis=1)
    wrong = p.reshape(p.eq(counted, constant(0, int64)), shape=(rows, 1, classes))
    right = p.reshape(p.gather(x, place, axis=1), shape=(rows, classes, 1))
    gap = p.add(p.sub(p.reshape(x, shape=(rows, 1, classes)), right), like(x, 1))
    zero = like(x, 0)
    valid = p.ne(p.reshape(listed, shape=(rows, classes, 1)), constant(0, int64))
    counts = p.logical_and(valid, wrong)
    loss = p.where(p.logical_and(counts, p.gt(gap, zero)), gap, zero)
    loss = p.sum(loss, axes=(1, 2), keepdims=False)
    return reduced(_unbatched(p.div(loss, like(loss, classes)), single), reduction)
