"""Attention of many heads: projections, masks, shares, and the projection back."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence

from telegrad import _primitives as p
from telegrad.functions.operands import cast_to, filled, like
from telegrad.nn.functional.activation import HERE
from telegrad.nn.functional.noise import dropped
from telegrad.nn.functional.products import linear, scaled_dot_product_attention
from telegrad.nn.functional.shares import shares
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType, bool_
from telegrad_proto.errors import ArgumentError, ShapeError


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise AssertionError(words)  # torch's own class for what does not fit here


def canonical_mask(
    mask: Tensor | None,
    name: str,
    dtype: DType,
    other: Tensor | None = None,
    other_name: str = "",
    stacklevel: int = 3,
) -> Tensor | None:
    """The mask as numbers to be added to the scores: -inf where a mask of bool is True.

    Args:
        mask: bool, or numbers already.
        name: what errors call it.
        dtype: the type of the scores.
        other: a mask that should have the same type.
        other_name: what the warning calls that.
        stacklevel: whose line the warning names.
    """
    if mask is None:
        return None
    floating = mask.dtype.kind == "f"
    _require(floating or mask.dtype is bool_, f"only bool and floating types of {name} are supported")
    if other is not None and other.dtype is not mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            UserWarning,
            stacklevel=stacklevel,
        )
    if floating:
        return mask
    zero = filled((), 0, dtype)
    return p.where(mask, like(zero, -math.inf), like(zero, 0))


def _checked_ranks(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, heads: int
) -> bool:
    """Whether there is a batch."""
    _require(
        query.ndim in (2, 3),
        f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor",
    )
    batched = query.ndim == 3
    who = f"For {'batched (3-D)' if batched else 'unbatched (2-D)'} `query`, expected"
    _require(
        key.ndim == value.ndim == query.ndim,
        f"{who} `key` and `value` to be {query.ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors "
        "respectively",
    )
    if padding is not None:
        _require(
            padding.ndim == query.ndim - 1,
            f"{who} `key_padding_mask` to be `None` or {query.ndim - 1}-D but found {padding.ndim}-D tensor "
            "instead",
        )
    if mask is not None:
        _require(
            mask.ndim in (2, 3),
            f"{who} `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D tensor instead",
        )
        if not batched and mask.ndim == 3:
            shape = (heads, query.shape[0], key.shape[0])
            _require(
                tuple(mask.shape) == shape,
                f"Expected `attn_mask` shape to be {shape} but got {mask.shape}",
            )
    return batched


def _along_first(x: Tensor, *cuts: int) -> list[Tensor]:
    """x between one cut of its first dimension and the next."""
    rest = tuple(x.shape[1:])
    none, ones = (0,) * len(rest), (1,) * x.ndim
    return [
        p.slice(x, starts=(start, *none), limits=(stop, *rest), strides=ones)
        for start, stop in itertools.pairwise(cuts)
    ]


def _projected(
    query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The three projections by one weight: of one input, in one product."""
    width = query.shape[-1]
    if query is key and key is value:
        steps, batch, _ = query.shape
        wide = p.reshape(linear(query, weight, bias), shape=(steps, batch, 3, width))
        parts = _along_first(p.transpose(wide, perm=(2, 0, 1, 3)), 0, 1, 2, 3)
        q, k, v = (p.reshape(part, shape=(steps, batch, width)) for part in parts)
        return q, k, v
    cuts = (0, width, 2 * width, 3 * width)
    biases: Sequence[Tensor | None] = (None,) * 3 if bias is None else _along_first(bias, *cuts)
    given = zip((query, key, value), _along_first(weight, *cuts), biases, strict=True)
    q, k, v = (linear(x, w, b) for x, w, b in given)
    return q, k, v


def _projected_apart(
    inputs: Sequence[Tensor], weights: Sequence[Tensor | None], bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The three projections by a weight each."""
    width = inputs[0].shape[-1]
    biases: Sequence[Tensor | None] = (None,) * 3
    if bias is not None:
        biases = _along_first(bias, 0, width, 2 * width, 3 * width)
    made = []
    for name, x, w, b in zip("qkv", inputs, weights, biases, strict=True):
        if w is None:
            raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
        what = {"q": "query", "k": "key", "v": "value"}[name]
        shape = (width, x.shape[-1])
        _require(
            tuple(w.shape) == shape, f"expecting {what} weights shape of {shape}, but got {tuple(w.shape)}"
        )
        made.append(linear(x, w, b))
    return made[0], made[1], made[2]


def _more_keys(mask: Tensor | None) -> Tensor | None:
    """The mask with one key more, which everybody sees."""
    if mask is None:
        return None
    none = (0,) * (mask.ndim - 1)
    return p.pad(mask, low=(*none, 0), high=(*none, 1), interior=(*none, 0), value=0)


def _in_heads(x: Tensor, heads: int) -> Tensor:
    """Shape: (t, n, heads * d) to (n, heads, t, d)."""
    steps, batch, width = x.shape
    apart = p.reshape(x, shape=(steps, batch, heads, width // heads))
    return p.transpose(apart, perm=(1, 2, 0, 3))


def _static(given: Tensor, name: str, batch: int, heads: int, width: int) -> Tensor:
    for axis, expected in ((0, batch * heads), (2, width)):
        _require(
            given.shape[axis] == expected,
            f"expecting {name}.size({axis}) of {expected}, but got {given.shape[axis]}",
        )
    return p.reshape(given, shape=(batch, heads, *given.shape[1:]))


def _checked_mask(mask: Tensor, batch: int, heads: int, rows: int, columns: int) -> Tensor:
    """Shape: (rows, columns), or (batch * heads, rows, columns) to (batch, heads, rows, columns)."""
    if mask.ndim not in (2, 3):
        raise ShapeError(f"attn_mask's dimension {mask.ndim} is not supported")
    shape = (rows, columns) if mask.ndim == 2 else (batch * heads, rows, columns)
    if tuple(mask.shape) != shape:
        raise ShapeError(f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {shape}.")
    return mask if mask.ndim == 2 else p.reshape(mask, shape=(batch, heads, rows, columns))


@function(namespace=HERE, label=None)
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """What the queries find, and, if `need_weights`, the shares with which they look at the keys.

    Shape: query (t, n, e), key and value (s, n, e) or without n; result (t, n, e), and (n, t, s) or
        (n, heads, t, s)

    Raises:
        AssertionError: inputs, weights or masks that do not fit.
        ArgumentError: `is_causal` without the mask that it tells of.
        ShapeError: a mask of another shape.
    """
    batched = _checked_ranks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same, alike = query is key, key is value
        query = p.reshape(query, shape=(query.shape[0], 1, query.shape[1]))
        key = query if same else p.reshape(key, shape=(key.shape[0], 1, key.shape[1]))
        value = key if alike else p.reshape(value, shape=(value.shape[0], 1, value.shape[1]))
        if key_padding_mask is not None:
            key_padding_mask = p.reshape(key_padding_mask, shape=(1, key_padding_mask.shape[0]))
    rows, batch, width = query.shape
    padding = canonical_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask", 4)
    if is_causal and attn_mask is None:
        raise ArgumentError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    hinted = is_causal and padding is None and not need_weights
    mask = None if hinted else canonical_mask(attn_mask, "attn_mask", query.dtype)
    _require(
        width == embed_dim_to_check,
        f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}",
    )
    _require(width % num_heads == 0, f"embed_dim {width} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        _require(
            key.shape[:2] == value.shape[:2],
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}",
        )
        own = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = _projected_apart((query, key, value), own, in_proj_bias)
    else:
        _require(key.shape == value.shape, f"key shape {key.shape} does not match value shape {value.shape}")
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    if mask is not None:
        mask = _checked_mask(mask, batch, num_heads, rows, key.shape[0])
    _require(
        (bias_k is None) == (bias_v is None),
        f"bias_{'k' if bias_v is None else 'v'} is set but bias_{'v' if bias_v is None else 'k'} is None",
    )
    if bias_k is not None and bias_v is not None:
        _require(static_k is None, "bias cannot be added to static key.")
        _require(static_v is None, "bias cannot be added to static value.")
        more = [p.broadcast_to(b, shape=(1, batch, width)) for b in (bias_k, bias_v)]
        k, v = (p.concatenate(x, b, axis=0) for x, b in zip((k, v), more, strict=True))
        mask, padding = _more_keys(mask), _more_keys(padding)
    each = width // num_heads
    q = _in_heads(q, num_heads)
    k = _in_heads(k, num_heads) if static_k is None else _static(static_k, "static_k", batch, num_heads, each)
    v = _in_heads(v, num_heads) if static_v is None else _static(static_v, "static_v", batch, num_heads, each)
    if add_zero_attn:
        zero = filled((batch, num_heads, 1, each), 0, k.dtype)
        k, v = p.concatenate(k, zero, axis=2), p.concatenate(v, zero, axis=2)
        mask, padding = _more_keys(mask), _more_keys(padding)
    if padding is not None:
        for axis, size in enumerate((batch, k.shape[2])):
            _require(
                padding.shape[axis] == size,
                f"Expected key_padded_mask.shape[{axis}] to be {size}, but got {padding.shape[axis]}",
            )
        padding = cast_to(p.reshape(padding, shape=(batch, 1, 1, k.shape[2])), q.dtype)
        mask = padding if mask is None else p.add(cast_to(mask, q.dtype), padding)
    share = dropout_p if training else 0.0
    weights = None
    if need_weights:
        scores = p.matmul(p.mul(q, like(q, math.sqrt(1.0 / each))), p.transpose(k, perm=(0, 1, 3, 2)))
        if mask is not None:
            scores = p.add(scores, cast_to(mask, scores.dtype))
        weights = shares(scores, -1)
        if share:
            weights = dropped(weights, share)
        found = p.matmul(weights, v)
        if average_attn_weights:
            weights = weights.mean(dim=1)
    else:
        found = scaled_dot_product_attention(q, k, v, mask, share, hinted)
    out = p.reshape(p.transpose(found, perm=(2, 0, 1, 3)), shape=(rows, batch, width))
    out = linear(out, out_proj_weight, out_proj_bias)
    if not batched:
        out = p.reshape(out, shape=(rows, width))
        weights = None if weights is None else p.reshape(weights, shape=tuple(weights.shape[1:]))
    return out, weights
