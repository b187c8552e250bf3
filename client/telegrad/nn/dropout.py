"""Dropout: noise in training."""

from __future__ import annotations

from typing import Any

from telegrad.nn import functional as F
from telegrad.nn.module import Module
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class _Dropping(Module):
    """Drops a share of its input in training, nothing else.

    Args:
        p: the share.
        inplace: write the result into the input.

    Raises:
        ArgumentError: the share is not in [0, 1].
    """

    drop: Any

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return type(self).drop(input, self.p, self.training, self.inplace)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropping):
    """Drops elements in training, and scales the others up."""

    drop = staticmethod(F.dropout)


class Dropout1d(_Dropping):
    """Drops channels of sequences in training, and scales the others up."""

    drop = staticmethod(F.dropout1d)


class Dropout2d(_Dropping):
    """Drops channels of images in training, and scales the others up."""

    drop = staticmethod(F.dropout2d)


class Dropout3d(_Dropping):
    """Drops channels of volumes in training, and scales the others up."""

    drop = staticmethod(F.dropout3d)


class AlphaDropout(_Dropping):
    """Drops elements in training such that what selu gives keeps mean and variance."""

    drop = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_Dropping):
    """Drops channels in training such that what selu gives keeps mean and variance."""

    drop = staticmethod(F.feature_alpha_dropout)
