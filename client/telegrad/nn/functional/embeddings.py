"""Embeddings: rows of a table, one by one or reduced in bags."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.norms import vector_norm_over
from telegrad.functions.operands import detached, filled, index_tensor, like, tensor_of
from telegrad.functions.selection import from_zero
from telegrad.making.promotion import constant
from telegrad.nn.functional.activation import HERE
from telegrad.recording.registry import function
from telegrad.sharing import writing
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _indices(input: Tensor, name: str) -> Tensor:
    if input.dtype.kind not in "iu" or input.dtype.itemsize < 4:
        raise DTypeError(
            f"Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
            f"Int; but got "
            f"torch.{scalar_name(input.dtype)}Tensor instead (while checking arguments for {name})"
        )
    return tensor_of(input, int64)


def _in_order(input: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The indices and the table, whichever comes first.

    torch's module function takes the indices first, ATen's and PyTorch's own samples the table. Integers and
    a table of real numbers cannot be mistaken for each other.
    """
    return (weight, input) if input.dtype.kind in "fc" and weight.dtype.kind in "iu" else (input, weight)


def _padding_row(padding_idx: int | None, rows: int) -> int | None:
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ArgumentError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


def _renormalize(table: Tensor, index: Tensor, max_norm: float, norm_type: float) -> None:
    """Scales down, in the table, the rows that are looked up and longer than allowed."""
    with grad_mode(False):
        rows = table.shape[0]
        flat = p.reshape(index, shape=(index.numel(),))
        marks = filled((index.numel(),), 1, int64)
        used = p.scatter_add(filled((rows,), 0, int64), flat, marks, axis=0)
        size = vector_norm_over(detached(table), norm_type, (1,), True)
        limit = like(size, max_norm)
        long = p.logical_and(p.gt(size, limit), p.reshape(p.ne(used, constant(0, int64)), shape=(rows, 1)))
        scale = p.where(long, p.div(limit, p.add(size, like(size, 1e-7))), like(size, 1))
        writing.write(table, p.mul(detached(table), scale))


def _slowed(x: Tensor, share: Tensor) -> Tensor:
    """x, whose gradient is multiplied by a share."""
    fixed = detached(x)
    return p.add(fixed, p.mul(p.sub(x, fixed), share))


def _looked_up(table: Tensor, index: Tensor, padding_idx: int | None, scale_grad_by_freq: bool) -> Tensor:
    """The rows that the index names; no gradient to the padding's, less to those that come often.

    Shape: (rows, width) and (...) to (..., width)
    """
    index = p.reshape(
        from_zero(p.reshape(index, shape=(index.numel(),)), table.shape[0]), shape=tuple(index.shape)
    )
    out = p.index(table, index, axes=(0,))
    shape = (*index.shape, 1)
    if padding_idx is not None:
        padding = p.reshape(p.eq(index, constant(padding_idx, int64)), shape=shape)
        out = p.where(padding, detached(out), out)
    if scale_grad_by_freq and table.dtype.kind in "fc":  # else there is no gradient
        flat = p.reshape(index, shape=(index.numel(),))
        marks = filled((index.numel(),), 1, table.dtype)
        counts = p.scatter_add(filled((table.shape[0],), 0, table.dtype), flat, marks, axis=0)
        often = p.reshape(p.index(counts, index, axes=(0,)), shape=shape)
        out = _slowed(out, p.div(like(out, 1), often))
    return out


@function(namespace=HERE)
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table that integers name; `max_norm` first scales longer ones down, in the table.

    The table may come first as well.

    Raises:
        DTypeError: the input holds no integers.
        ShapeError: the table is no matrix.
        ArgumentError: padding_idx names no row.
    """
    input, weight = _in_order(input, weight)
    index = _indices(input, "embedding")
    if weight.ndim != 2:
        raise ShapeError("'weight' must be 2-D")
    padding = _padding_row(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalize(weight, index, max_norm, norm_type)
    return _looked_up(weight, index, padding, scale_grad_by_freq)


@function(name="embedding", method=False)
def _old_embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table that integers name; a padding_idx of -1 is none."""
    if weight.ndim != 2:
        raise ShapeError("'weight' must be 2-D")
    index = _indices(indices, "embedding")
    return _looked_up(weight, index, padding_idx if padding_idx >= 0 else None, scale_grad_by_freq)


def _bags(index: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[Tensor, int]:
    """The number of the bag that each index belongs to, and how many bags there are.

    Shape: int64 (n,)
    """
    if offsets is None:
        raise ArgumentError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ArgumentError("offsets has to be a 1D Tensor")
    starts = tensor_of(offsets, int64)
    count = offsets.shape[0] - (1 if include_last_offset else 0)
    if include_last_offset:
        starts = p.slice(starts, starts=(0,), limits=(count,), strides=(1,))
    places = p.iota(size=index.shape[0], dtype=int64)
    # An offset that stands twice opens an empty bag: the last of equal ones holds the indices.
    found = p.sub(p.searchsorted(starts, places, right=True), constant(1, int64))
    return found, count


def _reduced_bags(rows: Tensor, bags: Tensor, count: int, mode: str, padding: Tensor | None) -> Tensor:
    n, width = rows.shape
    where = p.broadcast_to(p.reshape(bags, shape=(n, 1)), shape=(n, width))
    empty = filled((count, width), 0, rows.dtype)
    zero, one = like(rows, 0), like(rows, 1)
    counts = p.scatter_add(
        filled((count,), 0, rows.dtype),
        bags,
        p.broadcast_to(one, shape=(n,)) if padding is None else p.where(padding, zero, one),
        axis=0,
    )
    if padding is not None:
        rows = p.where(p.reshape(padding, shape=(n, 1)), zero, rows)
    if mode != "max":
        total = p.scatter_add(empty, where, rows, axis=0)
        if mode == "sum":
            return total
        return p.div(total, p.reshape(p.maximum(counts, one), shape=(count, 1)))
    # Of each bag and column the row that holds the largest element, found bag by bag.
    taken = p.eq(p.reshape(bags, shape=(1, n)), p.reshape(p.iota(size=count, dtype=int64), shape=(count, 1)))
    if padding is not None:
        taken = p.logical_and(taken, p.logical_not(p.reshape(padding, shape=(1, n))))
    wide = p.where(
        p.reshape(taken, shape=(count, n, 1)),
        p.reshape(detached(rows), shape=(1, n, width)),
        like(rows, -float("inf")),
    )
    best = p.argmax(wide, axis=1, keepdims=False)
    found = p.gather(rows, best, axis=0)
    return p.where(p.reshape(p.gt(counts, zero), shape=(count, 1)), found, zero)


@function(namespace=HERE)
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sums, means or largest elements of bags of rows: the input's rows, or its parts between offsets.

    The table may come before the input as well.

    Raises:
        ArgumentError: there is no such mode, or arguments that do not go together.
        DTypeError: the table is not floating point.
    """
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(
            f"embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for "
            f"mode='sum' "
            f"(got mode='{mode}'). Please open a feature request on GitHub."
        )
    input, weight = _in_order(input, weight)
    index = _indices(input, "embedding_bag")
    if weight.dtype.kind != "f":
        raise DTypeError(f"embedding_bag: requires a floating point table, got {scalar_name(weight.dtype)}")
    if index.ndim == 2:
        if offsets is not None:
            raise ArgumentError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed "
                "length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        count, each = index.shape
        bags = index_tensor([i for i in range(count) for _ in range(each)])
        index = p.reshape(index, shape=(count * each,))
        if per_sample_weights is not None:
            per_sample_weights = p.reshape(per_sample_weights, shape=(count * each,))
    elif index.ndim == 1:
        bags, count = _bags(index, offsets, include_last_offset)
    else:
        raise ArgumentError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {index.ndim}")
    padding_row = _padding_row(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalize(weight, index, max_norm, norm_type)
    rows = _looked_up(weight, index, padding_row, scale_grad_by_freq)
    if per_sample_weights is not None:
        rows = p.mul(rows, p.reshape(per_sample_weights, shape=(index.shape[0], 1)))
    padding = None if padding_row is None else p.eq(index, constant(padding_row, int64))
    return _reduced_bags(rows, bags, count, mode, padding)
