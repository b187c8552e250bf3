"""Convolutions and their transposes, and the columns they are made of."""

from __future__ import annotations

import math
from typing import Any

from telegrad.nn import functional as F
from telegrad.nn import init
from telegrad.nn.module import Module
from telegrad.nn.parameter import Parameter, new_parameter
from telegrad.nn.sizes import repeated, reversed_twice
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError

_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """What all convolutions share.

    Shape: weight (out_channels, in_channels / groups, *kernel_size), of a transpose (in_channels,
        out_channels / groups, *kernel_size); bias (out_channels).

    Raises:
        ArgumentError: the groups do not divide the channels, or the padding is none that there is.
    """

    spatial = 0
    transposed = False

    weight: Parameter
    bias: Parameter | None
    padding: Any

    def _set_up(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        if groups <= 0:
            raise ArgumentError("groups must be a positive integer")
        if in_channels % groups:
            raise ArgumentError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ArgumentError("out_channels must be divisible by groups")
        if padding_mode not in _MODES:
            raise ArgumentError(
                f"padding_mode must be one of {set(_MODES)}, but got padding_mode='{padding_mode}'"
            )
        count = self.spatial
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = repeated(kernel_size, count), repeated(stride, count)
        self.padding = padding if isinstance(padding, str) else repeated(padding, count)
        self.dilation, self.output_padding = repeated(dilation, count), repeated(output_padding, count)
        self.groups, self.padding_mode = groups, padding_mode
        self._around = self._sides()
        channels = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (channels[0], channels[1] // groups, *self.kernel_size)
        self.weight = new_parameter(*shape, dtype=dtype, device=device)
        if bias:
            self.bias = new_parameter(out_channels, dtype=dtype, device=device)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _sides(self) -> list[int]:
        """What `pad` is to put around the input where the convolution itself pads nothing but zeros."""
        if not isinstance(self.padding, str):
            return reversed_twice(self.padding)
        if self.padding not in ("same", "valid"):
            raise ArgumentError(
                f"Invalid padding string {self.padding!r}, should be one of { ({'same', 'valid'}) }"
            )
        if self.padding == "valid":
            return [0, 0] * self.spatial
        if any(step != 1 for step in self.stride):
            raise ArgumentError("padding='same' is not supported for strided convolutions")
        sides = []
        for gap, size in zip(reversed(self.dilation), reversed(self.kernel_size), strict=True):
            total = gap * (size - 1)
            sides += [total // 2, total - total // 2]
        return sides

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            inputs, _ = init.fans(self.weight)
            bound = 1 / math.sqrt(inputs) if inputs > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        shown = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if self.padding != (0,) * len(self.padding):
            shown += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.dilation):
            shown += f", dilation={self.dilation}"
        if self.output_padding != (0,) * len(self.output_padding):
            shown += f", output_padding={self.output_padding}"
        if self.groups != 1:
            shown += f", groups={self.groups}"
        if self.bias is None:
            shown += ", bias=False"
        return shown + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class _Direct(_Conv):
    """A convolution over the last dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode,
            device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._around, mode=self.padding_mode), 0
        convolve = (F.conv1d, F.conv2d, F.conv3d)[self.spatial - 1]
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Direct):
    """A convolution over the last dimension."""

    spatial = 1


class Conv2d(_Direct):
    """A convolution over the last two dimensions."""

    spatial = 2


class Conv3d(_Direct):
    """A convolution over the last three dimensions."""

    spatial = 3


class _Transposed(_Conv):
    """The transpose of a convolution over the last dimensions."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ArgumentError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        more = self.output_padding if output_size is None else self._missing(input, list(output_size))
        spread = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.spatial - 1]
        return spread(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )

    def _missing(self, input: Tensor, wanted: list[int]) -> tuple[int, ...]:
        """The output padding that gives the wanted size."""
        count = self.spatial
        lead = 2 if input.ndim == count + 2 else 1
        if len(wanted) == lead + count:
            wanted = wanted[lead:]
        if len(wanted) != count:
            raise ArgumentError(
                f"ConvTranspose{count}D: for {input.ndim}D input, output_size must have {count} "
                f"or {lead + count} elements (got {len(wanted)})"
            )
        low = [
            (n - 1) * step - 2 * side + gap * (size - 1) + 1
            for n, step, side, gap, size in zip(
                input.shape[lead:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        high = [n + step - 1 for n, step in zip(low, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(low, wanted, high, strict=True)):
            raise ArgumentError(
                f"requested an output size of {wanted}, but valid sizes range from {low} to {high} "
                f"(for an input of {input.size()[2:]})"
            )
        return tuple(n - a for n, a in zip(wanted, low, strict=True))


class ConvTranspose1d(_Transposed):
    """The transpose of a convolution over the last dimension."""

    spatial = 1


class ConvTranspose2d(_Transposed):
    """The transpose of a convolution over the last two dimensions."""

    spatial = 2


class ConvTranspose3d(_Transposed):
    """The transpose of a convolution over the last three dimensions."""

    spatial = 3


class Unfold(Module):
    """The windows over the last two dimensions as columns."""

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Columns added up where their windows overlap."""

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
