"""Short-time Fourier transforms, and the windows for them."""

from __future__ import annotations

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.complexes import view_as_real
from telegrad.functions.operands import like, reshaped
from telegrad.functions.pieces import part
from telegrad.functions.shape import swapped
from telegrad.making.creation import from_array
from telegrad.making.promotion import get_default_dtype
from telegrad.recording.registry import couple, function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _padded_window(window: Tensor | None, length: int, n_fft: int, x: Tensor) -> Tensor | None:
    if window is None:
        if length == n_fft:
            return None
        window = p.broadcast_to(like(x, 1), shape=(length,))
    if tuple(window.shape) != (length,):
        raise ShapeError(
            f"stft expects a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window.shape)}"
        )
    left = (n_fft - length) // 2
    if length == n_fft:
        return window
    return p.pad(window, low=(left,), high=(n_fft - length - left,), interior=(0,), value=0)


def _mirrored(x: Tensor, amount: int, mode: str) -> Tensor:
    """x (batch, time) continued at both ends."""
    size = x.shape[1]
    if mode == "constant":
        return p.pad(x, low=(0, amount), high=(0, amount), interior=(0, 0), value=0)
    if mode != "reflect":
        raise ArgumentError(f"stft: requires pad_mode 'reflect' or 'constant', got {mode!r}")
    if amount >= size:
        raise ShapeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but got: "
            f"padding ({amount}, {amount}) at dimension 2 of input {[1, *x.shape]}"
        )
    before = p.flip(part(x, 1, 1, amount + 1), axes=(1,))
    after = p.flip(part(x, 1, size - amount - 1, size - 1), axes=(1,))
    return couple(p.concatenate(before, x, after, axis=1), x)


@function(label="TransposeBackward0")
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
) -> Tensor:
    """The Fourier transforms of windows of a signal, `hop_length` apart.

    Shape: (time) or (batch, time) to (..., frequencies, windows), with a last dimension of 2 if not
    `return_complex`.

    Raises:
        ArgumentError: a size that does not fit, or `return_complex` left out of a real transform.
    """
    if input.dtype.kind not in "fc":
        raise DTypeError(
            f"stft: expected a tensor of floating point or complex values, got {scalar_name(input.dtype)}"
        )
    x = input
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if return_complex is None:
        if x.dtype.kind != "c":
            raise ArgumentError("stft requires the return_complex parameter be given for real inputs.")
        return_complex = True
    if x.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a 1D or 2D tensor, got {x.ndim}D")
    rows = reshaped(x, (1, -1)) if x.ndim == 1 else x
    if center:
        rows = _mirrored(rows, n_fft // 2, pad_mode)
    if not 0 < n_fft <= rows.shape[1]:
        raise ArgumentError(f"stft: expected 0 < n_fft <= {rows.shape[1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise ArgumentError(f"stft: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise ArgumentError(f"stft: expected 0 < win_length <= n_fft, but got win_length={length}")
    frames = p.windows(rows, sizes=(n_fft,), strides=(hop,), dilations=(1,))
    shape = _padded_window(window, length, n_fft, x)
    if shape is not None:
        frames = p.mul(
            frames, p.cast(shape, dtype=frames.dtype) if shape.dtype is not frames.dtype else shape
        )
    complex_frames = frames if x.dtype.kind == "c" else p.cast(frames, dtype=x.dtype.to_complex())
    out = p.fft(complex_frames, axes=(2,), inverse=False)
    if onesided if onesided is not None else x.dtype.kind != "c":
        out = part(out, 2, 0, n_fft // 2 + 1)
    if normalized:
        out = p.mul(out, like(out, n_fft**-0.5))
    out = swapped(out, 1, 2)
    out = p.reshape(out, shape=tuple(out.shape[1:])) if x.ndim == 1 else out
    return out if return_complex else view_as_real(out)


def _check_window(name: str, length: int, dtype: DType | None) -> None:
    if dtype is not None and dtype.kind != "f":
        raise DTypeError(f"{name} expects floating point dtypes, got: {dtype.name}")
    if length < 0:
        raise ArgumentError(f"{name} requires non-negative window_length, got window_length={length}")


def _cosines(
    name: str, length: int, periodic: bool, weights: tuple[float, ...], dtype: DType | None
) -> Tensor:
    """A sum of cosines over a window: weights[k] cos(2 pi k i / span), with alternating signs."""
    _check_window(name, length, dtype)
    span = max(length if periodic else length - 1, 1)
    angles = 2 * np.pi * np.arange(length) / span
    values = sum((-1) ** k * weight * np.cos(k * angles) for k, weight in enumerate(weights))
    if length == 1:
        values = np.ones(1)
    return from_array(np.asarray(values, dtype=(dtype or get_default_dtype()).typestr))


@function(label=None)
def hann_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None) -> Tensor:
    """A raised cosine, 0 at the ends."""
    return _cosines("hann_window", window_length, periodic, (0.5, 0.5), dtype)


@function(label=None)
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A raised cosine that does not reach 0."""
    return _cosines("hamming_window", window_length, periodic, (alpha, beta), dtype)


@function(label=None)
def blackman_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None) -> Tensor:
    """The sum of two cosines, 0 at the ends."""
    return _cosines("blackman_window", window_length, periodic, (0.42, 0.5, 0.08), dtype)


@function(label=None)
def bartlett_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None) -> Tensor:
    """A triangle, 0 at the ends."""
    _check_window("bartlett_window", window_length, dtype)
    span = max(window_length if periodic else window_length - 1, 1)
    values = (
        1 - np.abs(2 * np.arange(window_length) / span - 1) if window_length > 1 else np.ones(window_length)
    )
    return from_array(np.asarray(values, dtype=(dtype or get_default_dtype()).typestr))
