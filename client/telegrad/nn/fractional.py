"""Max pools whose windows begin at random places."""

from __future__ import annotations

from typing import Any

from telegrad.nn import functional as F
from telegrad.nn.module import Module
from telegrad.nn.sizes import repeated
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class _FractionalMaxPool(Module):
    """The largest elements of windows that begin at random places, so many that the result has a given size.

    Args:
        kernel_size: of the windows.
        output_size: of the result; or
        output_ratio: of the result's size to the input's.
        return_indices: give their places too.

    Raises:
        ArgumentError: not one of size and ratio is given, or the ratio is not between 0 and 1.
    """

    spatial: int
    pool: Any

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = repeated(kernel_size, self.spatial)
        if any(size <= 0 for size in self.kernel_size):
            raise ArgumentError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        if output_size is None and output_ratio is None:
            raise ArgumentError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ArgumentError("only one of output_size and output_ratio may be specified")
        self.output_size = None if output_size is None else repeated(output_size, self.spatial)
        self.output_ratio = None if output_ratio is None else repeated(output_ratio, self.spatial)
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ArgumentError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        return type(self).pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest elements of windows that begin at random places of the last two dimensions."""

    spatial = 2
    pool = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest elements of windows that begin at random places of the last three dimensions."""

    spatial = 3
    pool = staticmethod(F.fractional_max_pool3d)
