"""Padding: elements put around a tensor's last dimensions, or taken away."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad import _primitives as p
from telegrad.functions.joining import joined
from telegrad.functions.operands import expanded, index_tensor
from telegrad.making.promotion import Number
from telegrad.nn.functional.activation import HERE
from telegrad.recording.registry import couple, function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError


def constant_around(x: Tensor, sides: Sequence[int], value: Number = 0) -> Tensor:
    """x with a value around it: sides lists the last dimension's two, then the one's before, ..."""
    if len(sides) % 2:
        raise ArgumentError("Padding length must be divisible by 2")
    if len(sides) > 2 * x.ndim:
        raise ShapeError(
            "Padding length should be less than or equal to two times the input dimension but got padding "
            f"length {len(sides)} and input of dimension {x.ndim}"
        )
    lead = (0,) * (x.ndim - len(sides) // 2)
    low, high = (*lead, *reversed(sides[0::2])), (*lead, *reversed(sides[1::2]))
    for axis, (before, behind) in enumerate(zip(low, high, strict=True)):
        if x.shape[axis] + before + behind < 0:
            raise ShapeError(
                f"The input size {x.shape[axis]}, plus negative padding {before} and {behind} resulted in a "
                f"negative output "
                f"size, which is invalid. Check dimension {axis} of your input."
            )
    return p.pad(x, low=low, high=high, interior=(0,) * x.ndim, value=value)


def _cut(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    shape = tuple(x.shape)
    return p.slice(
        x,
        starts=tuple(start if i == axis else 0 for i in range(len(shape))),
        limits=tuple(stop if i == axis else n for i, n in enumerate(shape)),
        strides=(1,) * len(shape),
    )


def _cropped(x: Tensor, axis: int, before: int, behind: int) -> tuple[Tensor, int, int]:
    """x without what negative sides take away, and the sides that are left."""
    if before < 0 or behind < 0:
        x = _cut(x, axis, max(-before, 0), x.shape[axis] - max(-behind, 0))
    return x, max(before, 0), max(behind, 0)


def _repeated(x: Tensor, axis: int, place: int, count: int) -> Tensor:
    edge = _cut(x, axis, place, place + 1)
    return expanded(edge, tuple(count if i == axis else n for i, n in enumerate(x.shape)))


def _held_inside(x: Tensor, axis: int, before: int, behind: int) -> Tensor:
    """x moved along an axis, its edges repeated where nothing is left of it, cut off where it sticks out."""
    size = x.shape[axis]
    places = [min(max(i - before, 0), size - 1) for i in range(size + before + behind)]
    return p.index(x, index_tensor(places), axes=(axis,))


def _pieces(x: Tensor, axis: int, before: int, behind: int, mode: str) -> list[Tensor]:
    size = x.shape[axis]
    if mode == "reflect":
        left = [p.flip(_cut(x, axis, 1, 1 + before), axes=(axis,))] if before else []
        right = [p.flip(_cut(x, axis, size - 1 - behind, size - 1), axes=(axis,))] if behind else []
    elif mode == "replicate":
        left = [_repeated(x, axis, 0, before)] if before else []
        right = [_repeated(x, axis, size - 1, behind)] if behind else []
    else:
        left = [_cut(x, axis, size - before, size)] if before else []
        right = [_cut(x, axis, 0, behind)] if behind else []
    return [*left, x, *right]


def _check(x: Tensor, axis: int, before: int, behind: int, mode: str, place: int) -> None:
    size = x.shape[axis]
    if mode == "reflect" and (before >= size or behind >= size):
        raise ShapeError(
            f"Argument #{place}: Padding size should be less than the corresponding input dimension, but "
            f"got: padding "
            f"({before}, {behind}) at dimension {axis} of input {list(x.shape)}"
        )
    if mode == "circular" and (before > size or behind > size):
        raise ShapeError("Padding value causes wrapping around more than once.")
    if mode == "replicate" and not size:
        raise ShapeError(
            f"Expected {x.ndim}D tensor with possibly 0 batch size and other non-zero dimensions for input"
        )


class ModeError(ArgumentError, NotImplementedError):
    """A mode that there is not, or not for so many dimensions; torch raises NotImplementedError."""


_NAMES = {"reflect": "ReflectionPad", "replicate": "ReplicationPad"}


@function(namespace=HERE, label=None)
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """The input with elements around its last dimensions; `pad` lists the last one's two first.

    Modes: "constant" (a value), "reflect" (a mirror at the edge), "replicate" (the edge again), "circular"
        (the other end).
    Negative numbers take elements away.

    Raises:
        ModeError: there is no such mode.
        ArgumentError: a value for a mode that takes none.
        ShapeError: more sides than dimensions, or too many elements for the mode.
    """
    sides = [int(n) for n in pad]
    if mode == "constant":
        return labelled(constant_around(input, sides, value or 0), "ConstantPadNdBackward0")
    if value is not None and value != 0:
        raise ArgumentError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise ModeError(f"Unrecognised padding mode {mode}")
    count = len(sides) // 2
    if len(sides) % 2 or not count <= input.ndim <= count + 2 or input.ndim == count or count > 3:
        raise ShapeError(
            f"Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
            f" (got pad length {len(sides)} for a tensor of {input.ndim} dimensions)"
        )
    x = input
    for i in range(count):
        axis = input.ndim - 1 - i
        before, behind = sides[2 * i], sides[2 * i + 1]
        if mode == "replicate" and min(before, behind) < 0 and x.shape[axis]:
            x = _held_inside(x, axis, before, behind)
            continue
        x, before, behind = _cropped(x, axis, before, behind)
        _check(x, axis, before, behind, mode, 2 * count + 2)
        if before or behind:
            x = joined(_pieces(x, axis, before, behind, mode), axis)
    if x is input:
        x = p.identity(x)
    if mode not in _NAMES:
        return labelled(x, "CopySlices")
    return couple(labelled(x, f"{_NAMES[mode]}{count}DBackward0"), input)


@function(method=False, label="ConstantPadNdBackward0")
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Number = 0) -> Tensor:
    """The input with a value before and behind its last dimensions."""
    if isinstance(value, complex) and input.dtype.kind != "c" and not value.imag:
        value = value.real
    return constant_around(input, [int(n) for n in pad], value)
