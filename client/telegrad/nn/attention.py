"""Attention of many heads as a layer."""

from __future__ import annotations

from typing import Any

from telegrad.nn import functional as F
from telegrad.nn import init
from telegrad.nn.functional.attention import canonical_mask
from telegrad.nn.linear import Linear
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter, new_parameter
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class NonDynamicallyQuantizableLinear(Linear):
    """A linear layer under the name by which torch shows it here."""


class MultiheadAttention(Module):
    """What queries find at keys, in several heads, each of its own projections.

    Args:
        embed_dim: features of the queries and of the result.
        num_heads: among them the features are divided.
        dropout: share of the weights that is dropped in training.
        bias: add biases to the projections.
        add_bias_kv: add a learned key and value.
        add_zero_attn: add a key and value of zeros.
        kdim, vdim: features of keys and values; as the queries by default.
        batch_first: the batch is the first dimension of inputs and output.

    Shape: in_proj_weight (3 * embed_dim, embed_dim), or q_, k_, v_proj_weight (embed_dim, own features);
        in_proj_bias (3 * embed_dim); bias_k and bias_v (1, 1, embed_dim)

    Raises:
        ArgumentError: sizes that are not positive.
        AssertionError: the heads do not divide the features.
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ArgumentError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        where = {"device": device, "dtype": dtype}
        features = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        if self._qkv_same_embed_dim:
            self.in_proj_weight = new_parameter(3 * embed_dim, embed_dim, **where)
        for name, size in features.items():
            made = None if self._qkv_same_embed_dim else new_parameter(embed_dim, size, **where)
            self.register_parameter(name, made)
        if not self._qkv_same_embed_dim:
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", new_parameter(3 * embed_dim, **where) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **where)
        for name in ("bias_k", "bias_v"):
            setattr(self, name, new_parameter(1, 1, embed_dim, **where) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None and self.out_proj.bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """What the queries find, and, if `need_weights`, the shares with which they look at the keys.

        Args:
            query: who looks.
            key: at what.
            value: what is found there.
            key_padding_mask: True, or -inf, at keys that nobody sees.
            need_weights: give the shares too.
            attn_mask: True, or -inf, where a query does not see a key.
            average_attn_weights: give the heads' mean, not each head's shares.
            is_causal: `attn_mask` lets no query see a later key, so that it need not be read.

        Shape: query (t, n, embed_dim), key (s, n, kdim), value (s, n, vdim), n first with `batch_first`, or
            without n; masks (n, s), and (t, s) or (n * heads, t, s); results (t, n, embed_dim), and (n, t, s)
            or (n, heads, t, s)
        """
        padding = canonical_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask")
        mask = canonical_mask(attn_mask, "attn_mask", query.dtype)
        turned = self.batch_first and query.ndim == 3
        if turned:
            same, alike = query is key, key is value
            query = query.transpose(1, 0)
            key = query if same else key.transpose(1, 0)
            value = key if alike else value.transpose(1, 0)
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=padding,
            need_weights=need_weights,
            attn_mask=mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(1, 0) if turned else out), weights

    def merge_masks(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor
    ) -> tuple[Tensor | None, int | None]:
        """Both masks as one, and which kind that is: 1 of keys alone, 2 of queries and keys.

        Shape: query (n, t, embed_dim); result (n, t), or (n, heads, t, t)
        """
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        batch, steps, _ = query.shape
        if attn_mask.ndim == 3:
            merged = attn_mask.view(batch, -1, steps, steps)
        else:
            merged = attn_mask.view(1, 1, steps, steps).expand(batch, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            wide = key_padding_mask.view(batch, 1, 1, steps).expand(-1, self.num_heads, -1, -1)
            merged = merged + wide
        return merged, 2
