"""Transformers: encoders and decoders, which are layers one behind the other, and both together."""

from __future__ import annotations

import copy
import math
import warnings
from typing import Any

from telegrad.autograd.mode import is_grad_enabled
from telegrad.making.creation import full
from telegrad.nn import functional as F
from telegrad.nn import init
from telegrad.nn.attention import MultiheadAttention
from telegrad.nn.containers import ModuleList
from telegrad.nn.functional.attention import canonical_mask
from telegrad.nn.module import Module
from telegrad.nn.normalization import LayerNorm
from telegrad.nn.transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer
from telegrad.tensor import Tensor
from telegrad_proto.errors import ShapeError


def _copies(module: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(module) for _ in range(count)])


class TransformerEncoder(Module):
    """Encoder layers one behind the other.

    Args:
        encoder_layer: copied for each.
        num_layers: how many.
        norm: applied to the last one's output.
        enable_nested_tensor: accepted; padded places are computed with the others.
        mask_check: accepted; without effect.
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers, self.norm, self.mask_check = num_layers, norm, mask_check
        self.enable_nested_tensor = self.use_nested_tensor = enable_nested_tensor
        reason = _why_not_nested(encoder_layer)
        if enable_nested_tensor and reason:
            warnings.warn(
                f"enable_nested_tensor is True, but self.use_nested_tensor is False because {reason}",
                UserWarning,
                stacklevel=2,
            )
            self.use_nested_tensor = False

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Shape: src (t, n, d_model), n first with `batch_first`, or without n; result likewise."""
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, mask, "mask")
        added = canonical_mask(mask, "mask", src.dtype)
        # Whether the mask is the causal one, torch finds out by looking at it; it changes no number.
        causal = is_causal is True
        zeroed = padding is not None and added is None and self._leaves_padding_out(src)
        for layer in self.layers:
            src = layer(src, src_mask=added, is_causal=causal, src_key_padding_mask=padding)
        if zeroed and padding is not None:
            src = _without_padding(src, padding)
        return src if self.norm is None else self.norm(src)

    def _leaves_padding_out(self, src: Tensor) -> bool:
        """Whether torch computes this without the padded places, which are then zeros."""
        if not self.use_nested_tensor or self.layers[0].training or src.ndim != 3:
            return False
        tracked = src.requires_grad or any(p.requires_grad for p in self.layers[0].parameters())
        return not (is_grad_enabled() and tracked)


def _without_padding(x: Tensor, padding: Tensor) -> Tensor:
    """x with zeros at the padded places, provided that all of them come last.

    Shape: (n, t, e) and (n, t) to (n, t, e)
    """
    padded = padding < 0
    last = (padded[:, 1:] | ~padded[:, :-1]).all()
    filled: Tensor = x.masked_fill((padded & last).unsqueeze(-1), 0.0)
    return filled


def _why_not_nested(layer: Module) -> str:
    """Why torch would not leave padded places out; it says so."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    own: MultiheadAttention = layer.self_attn
    reasons = {
        "encoder_layer.norm_first was True": layer.norm_first,
        "encoder_layer.self_attn.batch_first was not True"
        "(use batch_first for better inference performance)": not own.batch_first,
        "encoder_layer.self_attn._qkv_same_embed_dim was not True": not own._qkv_same_embed_dim,
        "encoder_layer.self_attn was passed bias=False": own.in_proj_bias is None,
        "encoder_layer.activation_relu_or_gelu was not True": not layer.activation_relu_or_gelu,
        "encoder_layer.norm1.eps was not equal to encoder_layer.norm2.eps": layer.norm1.eps
        != layer.norm2.eps,
        "encoder_layer.self_attn.num_heads is odd": own.num_heads % 2 == 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


class TransformerDecoder(Module):
    """Decoder layers one behind the other.

    Args:
        decoder_layer: copied for each.
        num_layers: how many.
        norm: applied to the last one's output.
    """

    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Shape: tgt (t, n, d_model), memory (s, n, d_model), n first with `batch_first`, or without n;
        result as tgt.
        """
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal is True,
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder for one sequence, and a decoder for another that attends to what was encoded.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias:
            of the layers.
        num_encoder_layers, num_decoder_layers: how many there are.
        custom_encoder, custom_decoder: modules in their place.

    Source: Vaswani et al. 2017, Attention is all you need.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any | None = None,
        custom_decoder: Any | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        where = {"device": device, "dtype": dtype}
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        if custom_encoder is None:
            encoding = TransformerEncoderLayer(d_model, nhead, *settings, **where)
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **where)
            custom_encoder = TransformerEncoder(encoding, num_encoder_layers, norm)
        if custom_decoder is None:
            decoding = TransformerDecoderLayer(d_model, nhead, *settings, **where)
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **where)
            custom_decoder = TransformerDecoder(decoding, num_decoder_layers, norm)
        self.encoder, self.decoder = custom_encoder, custom_decoder
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Shape: src (s, n, d_model), tgt (t, n, d_model), n first with `batch_first`, or without n; result
        as tgt.

        Raises:
            ShapeError: batches of different sizes, or other features.
        """
        place = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[place] != tgt.shape[place]:
            raise ShapeError("the batch number of src and tgt must be equal")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(  # type: ignore[no-any-return]
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """-inf where a query would see a later key, 0 elsewhere.

        Shape: (sz, sz)
        """
        mask: Tensor = full((sz, sz), -math.inf, dtype=dtype, device=device).triu(1)
        return mask
