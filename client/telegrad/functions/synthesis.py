"""Signals from their short-time Fourier transforms."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.operands import filled, like
from telegrad.functions.pieces import part
from telegrad.functions.signal import _padded_window
from telegrad.making.promotion import constant
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError, ShapeError


def _laid_over(frames: Tensor, hop: int) -> Tensor:
    """The sum of frames that begin `hop` apart.

    Shape: (batch, frames, n) gives (batch, n + hop (frames - 1))
    """
    batch, count, n = frames.shape
    size = n + hop * (count - 1)
    starts = p.mul(p.reshape(p.iota(size=count, dtype=int64), shape=(count, 1)), constant(hop, int64))
    places = p.add(starts, p.reshape(p.iota(size=n, dtype=int64), shape=(1, n)))
    where = p.broadcast_to(p.reshape(places, shape=(1, count * n)), shape=(batch, count * n))
    values = p.reshape(frames, shape=(batch, count * n))
    return p.scatter_add(filled((batch, size), 0, frames.dtype), where, values, axis=1)


@function(label=None)
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal whose `stft` this is, as near as windows allow.

    Shape: (..., frequencies, frames) gives (..., time)

    Raises:
        ArgumentError: sizes that do not fit.
        InvalidValueError: windows that leave places of the signal at zero.
        ShapeError: not two or three dimensions of complex values.
    """
    if input.dtype.kind != "c":
        raise ArgumentError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    if input.ndim not in (2, 3):
        raise ShapeError(
            "istft: expected a tensor with 2 or 3 dimensions, of frequencies and frames behind an optional "
            f"batch, got {input.ndim} dimensions"
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    wide = n_fft if win_length is None else win_length
    one = input.shape[-2] != n_fft if onesided is None else onesided
    x = p.reshape(input, shape=(1, *input.shape)) if input.ndim == 2 else input
    if x.shape[1] != (n_fft // 2 + 1 if one else n_fft):
        raise ArgumentError(
            f"istft: expected the frequency dimension (3rd to the last) of the input tensor to match n_fft "
            f"{'/ 2 + 1 ' if one else ''}when onesided={one}, but got {x.shape[1]}"
        )
    if not (0 < hop <= wide <= n_fft):
        raise ArgumentError(
            f"istft: expected 0 < hop_length <= win_length <= n_fft, got {hop}, {wide}, {n_fft}"
        )
    from telegrad.fft import ifft, irfft  # a module of its own, imported when it is named

    columns = p.transpose(x, perm=(0, 2, 1))
    if not return_complex and not one:
        # Of a real signal the first half of the spectrum says all, and is all that torch reads.
        columns = p.slice(
            columns, starts=(0, 0, 0), limits=(*columns.shape[:2], n_fft // 2 + 1), strides=(1, 1, 1)
        )
    frames = ifft(columns, n_fft, dim=2) if return_complex else irfft(columns, n_fft, dim=2)
    if normalized:
        frames = p.mul(frames, like(frames, n_fft**0.5))
    shape = _padded_window(window, wide, n_fft, frames)
    if shape is None:
        shape = p.broadcast_to(like(frames, 1), shape=(n_fft,))
    shape = shape if shape.dtype is frames.dtype else p.cast(shape, dtype=frames.dtype)
    row = p.reshape(shape, shape=(1, 1, n_fft))
    signal = _laid_over(p.mul(frames, row), hop)
    weights = _laid_over(p.broadcast_to(p.mul(row, row), shape=(1, *frames.shape[1:])), hop)
    start = n_fft // 2 if center else 0
    full = signal.shape[1]
    end = min(start + length, full) if length is not None else full - start
    signal, weights = part(signal, 1, start, end), part(weights, 1, start, end)
    signal = p.require(
        signal,
        p.gt(p.abs(weights), like(p.abs(weights), 1e-11)),
        message="istft: the window overlap add is zero somewhere, where the signal is unknown",
    )
    signal = p.div(signal, weights)
    if length is not None and signal.shape[1] < length:
        missing = length - signal.shape[1]
        signal = p.pad(signal, low=(0, 0), high=(0, missing), interior=(0, 0), value=0)
    return p.reshape(signal, shape=tuple(signal.shape[1:])) if input.ndim == 2 else signal
