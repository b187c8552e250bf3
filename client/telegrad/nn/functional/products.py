"""Layers that multiply by weights, and attention, which multiplies by what it found."""

from __future__ import annotations

import math

from telegrad import _primitives as p
from telegrad.functions.contraction import matmul
from telegrad.functions.operands import cast_to, detached, filled, like, positions
from telegrad.nn.functional.activation import BOTH, HERE
from telegrad.nn.functional.noise import dropped
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import bool_, float16, float32, int64
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, ShapeError


@function(namespace=HERE, label=None)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias.

    Shape: (..., m) and (n, m) to (..., n); a weight of (m,) gives (...)

    Raises:
        ShapeError: the last dimensions differ.
    """
    x, w = input, weight
    if w.ndim == 1 or x.ndim == 0:
        out = matmul(x, w)
        return out if bias is None else labelled(p.add(out, bias), "AddBackward0")
    if w.ndim != 2:
        raise ShapeError(f"linear(): expected a weight of 1 or 2 dimensions, got {w.ndim}")
    if x.dtype is not w.dtype:
        raise DTypeError(
            f"mat1 and mat2 must have the same dtype, but got {scalar_name(x.dtype)} and "
            f"{scalar_name(w.dtype)}"
        )
    lead, width = tuple(x.shape[:-1]), x.shape[-1]
    rows = x if x.ndim == 2 else p.reshape(x, shape=(math.prod(lead), width))
    out = p.matmul(rows, p.transpose(w, perm=(1, 0)))
    if bias is not None:
        out = p.add(out, bias)
    if x.ndim == 2:
        return labelled(out, "MmBackward0" if bias is None else "AddmmBackward0")
    out = p.reshape(out, shape=(*lead, w.shape[0]))
    if x.ndim == 1:
        return labelled(out, "SqueezeBackward4" if bias is None else "ViewBackward0")
    return labelled(out, "UnsafeViewBackward0" if bias is None else "ViewBackward0")


@function(namespace=BOTH, label=None)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input1 @ weight[k] @ input2 + bias[k] for each k.

    Shape: (..., i), (..., j) and (k, i, j) to (..., k)

    Raises:
        ShapeError: sizes that do not fit.
        AxisError: a weight of other than three dimensions.
    """
    for d, (m, n) in enumerate(zip(input1.shape[:-1], input2.shape[:-1], strict=False)):
        if m != n:
            raise ShapeError(f"bilinear(): input batch dimensions do not match at dim {d}: got {m} and {n}")
    for place, (x, dim) in enumerate(((input1, 1), (input2, 2)), 1):
        if dim >= weight.ndim or (dim == 2 and weight.ndim > 3):
            raise AxisError(f"bilinear(): requires a weight of 3 dimensions, got {weight.ndim}")
        if x.shape[-1] != weight.shape[dim]:
            raise ShapeError(
                f"bilinear(): input{place} size does not match weight size: got {x.shape[-1]} but expected "
                f"{weight.shape[dim]}"
            )
    lead = tuple(input1.shape[:-1])
    k, i, j = weight.shape
    n = math.prod(lead)
    left, right = p.reshape(input1, shape=(n, i)), p.reshape(input2, shape=(n, j, 1))
    turned = p.reshape(p.transpose(weight, perm=(1, 0, 2)), shape=(i, k * j))
    out = p.matmul(p.reshape(p.matmul(left, turned), shape=(n, k, j)), right)
    out = labelled(p.reshape(out, shape=(*lead, k)), "ViewBackward0")
    return out if bias is None else labelled(p.add(out, bias), "AddBackward0")


def _allowed(rows: int, columns: int) -> Tensor:
    """True where a query may see a key: none after it."""
    return p.le(
        p.reshape(positions(columns), shape=(1, columns)), p.reshape(positions(rows), shape=(rows, 1))
    )


def _attention_shares(scores: Tensor) -> Tensor:
    """The softmax of the last dimension; zeros where all of a row is left out."""
    axis = scores.ndim - 1
    if not scores.shape[-1]:
        return scores
    largest = p.amax(detached(scores), axes=(axis,), keepdims=True)
    none = p.eq(largest, like(scores, -math.inf))
    grown = p.exp(p.sub(scores, p.where(none, like(scores, 0), largest)))
    total = p.sum(grown, axes=(axis,), keepdims=True)
    return p.div(grown, p.where(none, like(scores, 1), total))


@function(namespace=HERE, label=None)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """The values, weighted by the softmax of the products of queries and keys.

    Shape: (..., l, e), (..., s, e) and (..., s, v) to (..., l, v)

    Raises:
        ArgumentError: both a mask and `is_causal`.
    """
    if is_causal and attn_mask is not None:
        raise ArgumentError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    if query.ndim < 2 or key.ndim < 2 or value.ndim < 2:
        raise ShapeError("scaled_dot_product_attention: query, key and value need at least 2 dimensions")
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    dtype = query.dtype
    if dtype is float16:  # torch multiplies and adds halves in single precision
        query, key, value = (cast_to(x, float32) for x in (query, key, value))
    if enable_gqa:
        key, value = (_repeated_heads(x, query.shape[-3]) for x in (key, value))
    turned = p.transpose(key, perm=(*range(key.ndim - 2), key.ndim - 1, key.ndim - 2))
    scores = p.matmul(p.mul(query, like(query, factor)), turned)
    if is_causal:
        scores = p.where(_allowed(*scores.shape[-2:]), scores, like(scores, -math.inf))
    elif attn_mask is not None:
        if attn_mask.dtype is bool_:
            scores = p.where(attn_mask, scores, like(scores, -math.inf))
        else:
            scores = p.add(scores, p.cast(attn_mask, dtype=scores.dtype))
    weights = _attention_shares(scores)
    out = cast_to(p.matmul(dropped(weights, dropout_p) if dropout_p else weights, value), dtype)
    fused = query.ndim == 4 and not dropout_p
    return labelled(out, "ScaledDotProductFlashAttentionForCpuBackward0" if fused else "UnsafeViewBackward0")


def _repeated_heads(x: Tensor, heads: int) -> Tensor:
    """Each head of keys or values for as many query heads as share it."""
    *lead, have, rows, width = x.shape
    wide = p.reshape(x, shape=(*lead, have, 1, rows, width))
    spread = p.broadcast_to(wide, shape=(*lead, have, heads // have, rows, width))
    return p.reshape(spread, shape=(*lead, heads, rows, width))


@function(namespace=HERE, label=None)
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Ones where the integers say, in a new last dimension of zeros; -1 finds the number of classes.

    Raises:
        DTypeError: the elements are no int64.
        ArgumentError: there are no elements to find the number of classes from.
    """
    if tensor.dtype is not int64:
        raise DTypeError("one_hot is only applicable to index tensor of type LongTensor.")
    if num_classes == -1:
        if not tensor.numel():
            raise ArgumentError("Can not infer total number of classes from empty tensor.")
        # The result's shape depends on a value: this is where it is looked at.
        num_classes = int(p.amax(tensor, axes=tuple(range(tensor.ndim)), keepdims=False).item()) + 1
    if not tensor.numel():
        return filled((*tensor.shape, num_classes), 0, int64)
    # Written at the places, and not compared with them, so that a place that there is not is an error.
    zeros = filled((*tensor.shape, num_classes), 0, int64)
    places = p.reshape(tensor, shape=(*tensor.shape, 1))
    return p.scatter(zeros, places, filled(tuple(places.shape), 1, int64), axis=tensor.ndim)
