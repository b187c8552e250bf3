"""torch.fft: discrete Fourier transforms, composed of the one complex transform and slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NoReturn as _NoReturn

from telegrad import _primitives as p
from telegrad.functions.arranging import rolled
from telegrad.functions.operands import axis_of, like, reshaped
from telegrad.functions.pieces import part
from telegrad.making.promotion import get_default_dtype, to_float
from telegrad.recording.registry import absent as _absent
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, AxisError, DTypeError, ShapeError

Sizes = Sequence[int] | int | None


def _complex(x: Tensor) -> Tensor:
    x = to_float(x)
    return x if x.dtype.kind == "c" else p.cast(x, dtype=x.dtype.to_complex())


def _resized(x: Tensor, axis: int, size: int) -> Tensor:
    """x cut, or filled with zeros, to a size along an axis."""
    if size < 1:
        raise ArgumentError(f"Invalid number of data points ({size}) specified")
    have = x.shape[axis]
    if have == size:
        return x
    if have > size:
        return part(x, axis, 0, size)
    none = (0,) * x.ndim
    high = tuple(size - have if i == axis else 0 for i in range(x.ndim))
    return p.pad(x, low=none, high=high, interior=none, value=0)


def _axes(x: Tensor, s: Sizes, dim: Sizes) -> tuple[list[int], list[int]]:
    """The axes to transform, and the size along each."""
    sizes = None if s is None else [s] if isinstance(s, int) else list(s)
    if dim is not None and not x.ndim:
        first = dim if isinstance(dim, int) else next(iter(dim), None)
        if first is not None:
            raise AxisError(f"Dimension specified as {first} but tensor has no dimensions")
    if dim is None:
        axes = list(range(x.ndim)) if sizes is None else list(range(x.ndim - len(sizes), x.ndim))
    else:
        axes = [axis_of(d, x.ndim) for d in ([dim] if isinstance(dim, int) else dim)]
    if len(set(axes)) != len(axes):
        raise ArgumentError("FFT dims must be unique")
    if sizes is None:
        return axes, [x.shape[axis] for axis in axes]
    if len(sizes) != len(axes):
        raise ArgumentError("When given, dim and shape arguments must have the same length")
    return axes, [x.shape[axis] if n == -1 else n for n, axis in zip(sizes, axes, strict=True)]


def _scale(norm: str | None, count: int, *, inverse: bool) -> float:
    match norm:
        case None | "backward":
            return 1 / count if inverse else 1.0
        case "forward":
            return 1.0 if inverse else 1 / count
        case "ortho":
            return 1 / math.sqrt(count)
        case _:
            raise ArgumentError(f'Invalid normalization mode: "{norm}"')


def _scaled(x: Tensor, factor: float) -> Tensor:
    return x if factor == 1 else p.mul(x, like(x, factor))


def _transform(x: Tensor, axes: list[int], sizes: list[int], norm: str | None, *, inverse: bool) -> Tensor:
    """The complex transform of x over axes cut or filled to sizes."""
    z = _complex(x)
    for axis, size in zip(axes, sizes, strict=True):
        z = _resized(z, axis, size)
    if not axes:
        return z
    out = p.fft(z, axes=tuple(sorted(axes)), inverse=inverse)
    return _scaled(out, _scale(norm, math.prod(sizes), inverse=inverse))


def _half(x: Tensor, axes: list[int], sizes: list[int], norm: str | None, *, conjugated: bool) -> Tensor:
    """The transform of real x, of which the second half of the last axis, conjugates of the first, is left
    out.
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"rfft expects a real input tensor, but got {scalar_name(x.dtype)}")
    _require_axes(axes, "rfftn")
    out = _transform(x, axes, sizes, norm, inverse=False)
    out = part(out, axes[-1], 0, sizes[-1] // 2 + 1)
    return p.conj(out) if conjugated else out


def _real_from_half(
    x: Tensor, axes: list[int], sizes: list[int], norm: str | None, *, inverse: bool
) -> Tensor:
    """The real transform of a half-spectrum: the other half is filled in with its conjugates.

    Only the first half counts, and of the elements that are their own partners only the real parts: twice
    the real part of
    the transform of the first half, less those counted twice.
    """
    _require_axes(axes, "irfftn" if inverse else "hfftn")
    z = _complex(x)
    last, size = axes[-1], sizes[-1]
    if size < 1:
        raise ArgumentError(f"Invalid number of data points ({size}) specified")
    for axis, n in zip(axes[:-1], sizes[:-1], strict=True):
        z = _resized(z, axis, n)
    if len(axes) > 1:
        z = p.fft(z, axes=tuple(sorted(axes[:-1])), inverse=inverse)
    half = _resized(z, last, size // 2 + 1)
    weights = [1.0 if i == 0 or 2 * i == size else 2.0 for i in range(size // 2 + 1)]
    line = reshaped(_vector(weights, half.dtype), tuple(-1 if i == last else 1 for i in range(x.ndim)))
    full = _resized(p.mul(half, line), last, size)
    out = p.real(p.fft(full, axes=(last,), inverse=inverse))
    return _scaled(out, _scale(norm, math.prod(sizes), inverse=inverse))


def _require_axes(axes: list[int], name: str) -> None:
    if not axes:
        raise ArgumentError(f"{name} must transform at least one axis")


def _vector(values: list[float], dtype: DType) -> Tensor:
    import numpy as np

    from telegrad.making.creation import from_array

    return from_array(np.asarray(values, dtype=dtype.typestr))


def _one(x: Tensor, n: int | None, dim: int) -> tuple[list[int], list[int]]:
    if not x.ndim:
        raise AxisError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = axis_of(dim, x.ndim)
    return [axis], [x.shape[axis] if n is None else n]


def _last_size(x: Tensor, s: Sizes, dim: Sizes) -> tuple[list[int], list[int]]:
    """Axes and sizes of a transform from a half-spectrum, whose last size is by default twice the half's."""
    axes, sizes = _axes(x, s, dim)
    _require_axes(axes, "a transform from a half-spectrum")
    given = None if s is None else s if isinstance(s, int) else list(s)[-1]
    if given is None or given == -1:
        sizes[-1] = 2 * (x.shape[axes[-1]] - 1)
    return axes, sizes


@function(namespace="fft", label=None)
def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The Fourier transform along a dimension."""
    out = _transform(input, *_one(input, n, dim), norm, inverse=False)
    return labelled(out, "FftC2CBackward0" if input.dtype.kind == "c" else "FftR2CBackward0")


@function(namespace="fft", label=None)
def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse Fourier transform along a dimension."""
    out = _transform(input, *_one(input, n, dim), norm, inverse=True)
    return labelled(out, "FftC2CBackward0" if input.dtype.kind == "c" else "ConjBackward0")


@function(namespace="fft", label="FftC2CBackward0")
def fftn(input: Tensor, s: Sizes = None, dim: Sizes = None, norm: str | None = None) -> Tensor:
    """The Fourier transform over dimensions."""
    return _transform(input, *_axes(input, s, dim), norm, inverse=False)


@function(namespace="fft", label="FftC2CBackward0")
def ifftn(input: Tensor, s: Sizes = None, dim: Sizes = None, norm: str | None = None) -> Tensor:
    """The inverse Fourier transform over dimensions."""
    return _transform(input, *_axes(input, s, dim), norm, inverse=True)


@function(namespace="fft", label="FftC2CBackward0")
def fft2(input: Tensor, s: Sizes = None, dim: Sizes = (-2, -1), norm: str | None = None) -> Tensor:
    """The Fourier transform over two dimensions."""
    return _transform(input, *_axes(input, s, dim), norm, inverse=False)


@function(namespace="fft", label="FftC2CBackward0")
def ifft2(input: Tensor, s: Sizes = None, dim: Sizes = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse Fourier transform over two dimensions."""
    return _transform(input, *_axes(input, s, dim), norm, inverse=True)


@function(namespace="fft", label="FftR2CBackward0")
def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The first half of the Fourier transform of a real tensor along a dimension."""
    return _half(input, *_one(input, n, dim), norm, conjugated=False)


@function(namespace="fft", label="FftR2CBackward0")
def rfftn(input: Tensor, s: Sizes = None, dim: Sizes = None, norm: str | None = None) -> Tensor:
    """The first half, of the last dimension, of the Fourier transform of a real tensor over dimensions."""
    return _half(input, *_axes(input, s, dim), norm, conjugated=False)


@function(namespace="fft", label="FftR2CBackward0")
def rfft2(input: Tensor, s: Sizes = None, dim: Sizes = (-2, -1), norm: str | None = None) -> Tensor:
    """The first half, of the last dimension, of the Fourier transform of a real tensor over two
    dimensions.
    """
    return _half(input, *_axes(input, s, dim), norm, conjugated=False)


@function(namespace="fft", label="FftC2RBackward0")
def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The real tensor of which this is the first half of the Fourier transform along a dimension."""
    axes, sizes = _one(input, n, dim)
    sizes = [2 * (input.shape[axes[0]] - 1)] if n is None else sizes
    return _real_from_half(input, axes, sizes, norm, inverse=True)


@function(namespace="fft", label="FftC2RBackward0")
def irfftn(input: Tensor, s: Sizes = None, dim: Sizes = None, norm: str | None = None) -> Tensor:
    """The real tensor of which this is the first half of the Fourier transform over dimensions."""
    return _real_from_half(input, *_last_size(input, s, dim), norm, inverse=True)


@function(namespace="fft", label="FftC2RBackward0")
def irfft2(input: Tensor, s: Sizes = None, dim: Sizes = (-2, -1), norm: str | None = None) -> Tensor:
    """The real tensor of which this is the first half of the Fourier transform over two dimensions."""
    return _real_from_half(input, *_last_size(input, s, dim), norm, inverse=True)


@function(namespace="fft", label="FftC2RBackward0")
def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The real Fourier transform of the first half of a Hermitian signal along a dimension."""
    axes, sizes = _one(input, n, dim)
    sizes = [2 * (input.shape[axes[0]] - 1)] if n is None else sizes
    return _real_from_half(input, axes, sizes, norm, inverse=False)


@function(namespace="fft", label="FftC2RBackward0")
def hfftn(input: Tensor, s: Sizes = None, dim: Sizes = None, norm: str | None = None) -> Tensor:
    """The real Fourier transform of the first half of a Hermitian signal over dimensions."""
    return _real_from_half(input, *_last_size(input, s, dim), norm, inverse=False)


@function(namespace="fft", label="FftC2RBackward0")
def hfft2(input: Tensor, s: Sizes = None, dim: Sizes = (-2, -1), norm: str | None = None) -> Tensor:
    """The real Fourier transform of the first half of a Hermitian signal over two dimensions."""
    return _real_from_half(input, *_last_size(input, s, dim), norm, inverse=False)


def _inverse_half(x: Tensor, axes: list[int], sizes: list[int], norm: str | None) -> Tensor:
    """The first half of the inverse transform of real x: conjugates of the forward one, with the inverse's
    scale.
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"ihfft expects a real input tensor, but got {scalar_name(x.dtype)}")
    _require_axes(axes, "ihfftn")
    out = part(_transform(x, axes, sizes, norm, inverse=True), axes[-1], 0, sizes[-1] // 2 + 1)
    return labelled(out, "ConjBackward0" if len(axes) == 1 else "FftC2CBackward0")


@function(namespace="fft", label=None)
def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The first half of the inverse Fourier transform of a real tensor along a dimension."""
    return _inverse_half(input, *_one(input, n, dim), norm)


@function(namespace="fft", label=None)
def ihfftn(input: Tensor, s: Sizes = None, dim: Sizes = None, norm: str | None = None) -> Tensor:
    """The first half, of the last dimension, of the inverse Fourier transform of a real tensor over
    dimensions.
    """
    return _inverse_half(input, *_axes(input, s, dim), norm)


@function(namespace="fft", label=None)
def ihfft2(input: Tensor, s: Sizes = None, dim: Sizes = (-2, -1), norm: str | None = None) -> Tensor:
    """The first half, of the last dimension, of the inverse Fourier transform of a real tensor over two
    dimensions.
    """
    return _inverse_half(input, *_axes(input, s, dim), norm)


def _shifted(x: Tensor, dim: Sizes, sign: int) -> Tensor:
    axes = (
        range(x.ndim)
        if dim is None
        else [axis_of(d, x.ndim) for d in ([dim] if isinstance(dim, int) else dim)]
    )
    out = p.identity(x)
    for axis in axes:
        size = x.shape[axis]
        out = rolled(out, size // 2 if sign > 0 else -(size // 2), axis)
    return out


@function(namespace="fft", label="RollBackward0")
def fftshift(input: Tensor, dim: Sizes = None) -> Tensor:
    """The frequencies in order, zero in the middle."""
    return _shifted(input, dim, 1)


@function(namespace="fft", label="RollBackward0")
def ifftshift(input: Tensor, dim: Sizes = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted(input, dim, -1)


@function(namespace="fft", label=None)
def fftfreq(n: int, d: float = 1.0, *, dtype: DType | None = None) -> Tensor:
    """The frequencies of a transform of n samples, d apart."""
    if n < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    steps = [*range((n - 1) // 2 + 1), *range(-(n // 2), 0)]
    return _frequencies("fftfreq", steps, n * d, dtype)


@function(namespace="fft", label=None)
def rfftfreq(n: int, d: float = 1.0, *, dtype: DType | None = None) -> Tensor:
    """The frequencies of the first half of a transform of n samples, d apart."""
    return _frequencies("rfftfreq", range(int(n / 2) + 1), n * d, dtype)


def _frequencies(name: str, steps: Sequence[int], length: float, dtype: DType | None) -> Tensor:
    kind = dtype or get_default_dtype()
    if kind.kind not in "fc":
        raise DTypeError(f"{name} requires a floating point or complex dtype, got {scalar_name(kind)}")
    return _vector([i / length if length else math.nan for i in steps], kind)


def __getattr__(name: str) -> _NoReturn:
    raise _absent("module 'telegrad.fft'", "torch.fft", name)
