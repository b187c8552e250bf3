"""torch.nn.utils: clipping gradients, parameters as one vector, padded sequences,
weights that are computed.
"""

from __future__ import annotations

from typing import NoReturn as _NoReturn

from telegrad.nn.utils import parametrizations, parametrize, rnn, stateless
from telegrad.nn.utils.clipping import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from telegrad.nn.utils.fusion import (
    fuse_conv_bn_eval,
    fuse_conv_bn_weights,
    fuse_linear_bn_eval,
    fuse_linear_bn_weights,
)
from telegrad.nn.utils.init import skip_init
from telegrad.nn.utils.spectral_norm import remove_spectral_norm, spectral_norm
from telegrad.nn.utils.vectors import parameters_to_vector, vector_to_parameters
from telegrad.nn.utils.weight_norm import remove_weight_norm, weight_norm
from telegrad.recording.registry import absent as _absent

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "spectral_norm",
    "stateless",
    "vector_to_parameters",
    "weight_norm",
]


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.nn.utils'", "torch.nn.utils", name)
