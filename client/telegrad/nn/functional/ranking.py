"""Losses of how things compare: which of two is larger, which of three is nearer."""

from __future__ import annotations

from collections.abc import Callable

from telegrad import _primitives as p
from telegrad.functions.arithmetic import minimum, sub
from telegrad.functions.operands import like, widened
from telegrad.making.promotion import promote_operands, to_float
from telegrad.nn.functional.activation import BOTH, HERE
from telegrad.nn.functional.distance import row_distance
from telegrad.nn.functional.reducing import chosen, positive_part, reduced_openly
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import bool_
from telegrad_proto.errors import ArgumentError, ShapeError

Distance = Callable[[Tensor, Tensor], Tensor]


@function(namespace=BOTH, label=None)
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far the difference stays below a margin in the direction, 1 or -1, of the target.

    Raises:
        ShapeError: different numbers of dimensions.
        DTypeError: input1 or input2 is bool.
    """
    reduction = chosen(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    away, t = promote_operands(sub(input1, input2), target)
    gap = to_float(p.neg(p.mul(t, away)))
    return reduced_openly(positive_part(p.add(gap, like(gap, margin)) if margin else gap), reduction)


@function(namespace=BOTH, label=None)
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1; where it is -1 how far the input stays below a margin."""
    reduction = chosen(reduction, size_average, reduce)
    x, t = promote_operands(input, target)
    zero = like(x, 0)
    far = p.where(p.ne(t, like(t, 1)), positive_part(p.sub(like(x, margin), x)), zero)
    near = p.where(p.ne(t, like(t, -1)), x, zero)
    return reduced_openly(p.add(far, near), reduction)


#: Keeps lengths of vectors from being 0 in cosine_embedding_loss.
_LENGTH_FLOOR = 1e-12


@function(namespace=BOTH, label=None)
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """One less the cosine where the target is 1; where it is -1 how far the cosine is above a margin.

    Raises:
        ShapeError: neither one target for two vectors nor a batch of these.
    """
    reduction = chosen(reduction, size_average, reduce)
    if target.ndim > 1:
        raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
    dims = target.ndim + 1
    if not input1.ndim == input2.ndim == dims:
        kind = "0D" if dims == 1 else "1D"
        raise ShapeError(
            f"{kind} target tensor expects {dims}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    a, b = promote_operands(input1, input2)
    axes = (dims - 1,)

    def inner(x: Tensor, y: Tensor) -> Tensor:
        product = p.logical_and(x, y) if x.dtype is bool_ else p.mul(x, y)
        return to_float(p.sum(widened(product, None), axes=axes, keepdims=False))

    first, second = (p.add(s, like(s, _LENGTH_FLOOR)) for s in (inner(a, a), inner(b, b)))
    cosine = p.div(inner(a, b), p.sqrt(p.mul(first, second)))
    target = widened(target, None) if target.dtype is bool_ else target
    zero, one = like(cosine, 0), like(cosine, 1)
    near = p.where(p.eq(target, like(target, 1)), p.sub(one, cosine), zero)
    far = p.where(p.eq(target, like(target, -1)), positive_part(p.sub(cosine, like(cosine, margin))), zero)
    return reduced_openly(p.add(near, far), reduction)


def _triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, distance: Distance, margin: float, swap: bool
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return positive_part(p.add(p.sub(near, far), like(near, margin)))


@function(namespace=BOTH, label=None)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How much nearer than a margin the negative is to the anchor than the positive.

    Raises:
        ArgumentError: the margin is not positive.
        ShapeError: different numbers of dimensions.
    """
    reduction = chosen(reduction, size_average, reduce)
    if margin <= 0:
        raise ArgumentError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            "but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return row_distance(a, b, float(p), eps, False)

    return reduced_openly(_triplet(anchor, positive, negative, distance, margin, swap), reduction)


@function(namespace=HERE, label=None)
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """How much nearer than a margin the negative is to the anchor than the positive, by any distance.

    Raises:
        ArgumentError: the margin is not positive, or there is no such reduction.
        ShapeError: different numbers of dimensions.
    """
    reduction = chosen(reduction, None, None)
    if margin <= 0:
        raise ArgumentError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            "but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )

    def euclidean(a: Tensor, b: Tensor) -> Tensor:
        return row_distance(a, b, 2.0, 1e-6, False)

    loss = _triplet(anchor, positive, negative, distance_function or euclidean, margin, swap)
    return reduced_openly(loss, reduction)
