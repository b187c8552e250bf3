"""The steps of a view's recipe: what each makes of its input, and how a write goes back through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telegrad import _primitives as p
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError

#: The kind of step and its attributes.
Step = tuple[str, Any]

_OVERLAP: Final = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory "
    "location. Please clone() "
    "the tensor before performing the operation."
)


def joined(steps: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """The recipe with one more step. Steps of one kind become one: a chain of views must not grow with its
    length, which each further view would have to go through.
    """
    if steps and steps[-1][0] == "conj" and step[0] in PLAIN:
        return *joined(steps[:-1], step), steps[-1]  # so that steps that move elements meet
    if not steps or steps[-1][0] != step[0]:
        return *steps, step
    (kind, before), (_, attrs) = steps[-1], step
    if kind == "reshape":
        return *steps[:-1], step
    if kind == "transpose":
        return *steps[:-1], (kind, tuple([before[axis] for axis in attrs]))
    if kind == "slice":
        starts, limits, strides = [], [], []
        for first, stride, start, limit, jump in zip(before[0], before[2], *attrs, strict=True):
            count = -(-(limit - start) // jump)
            if count < 1:
                return *steps, step  # where nothing is left there is nothing to count from
            starts.append(first + start * stride)
            strides.append(stride * jump)
            limits.append(starts[-1] + (count - 1) * strides[-1] + 1)
        return *steps[:-1], (kind, (tuple(starts), tuple(limits), tuple(strides)))
    if kind == "conj" and steps[-2:-1] == (step,):
        return steps[:-1]  # two remain: a view's recipe is never empty
    return *steps, step


def _reshape_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    return p.reshape(part, shape=x._value.spec.shape)


def _transpose_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    inverse = [0] * len(attrs)
    for i, axis in enumerate(attrs):
        inverse[axis] = i
    return p.transpose(part, perm=tuple(inverse))


def _slice_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    starts, limits, strides = attrs
    return p.set_slice(x, part, starts=starts, limits=limits, strides=strides)


def _broadcast_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    if part._value.spec.size != x._value.spec.size:
        raise ArgumentError(_OVERLAP)
    return p.reshape(part, shape=x._value.spec.shape)


def _real_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    return p.complex(part, p.imag(x))


def _imag_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    return p.complex(p.real(x), part)


def _pick(x: Tensor, attrs: Any) -> Tensor:
    positions, shape = attrs
    return p.reshape(p.index(_flat(x), positions, axes=(0,)), shape=shape)


def _pick_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    positions, _ = attrs
    put = p.index_put(_flat(x), _flat(part), positions, axes=(0,), accumulate=False)
    return p.reshape(put, shape=x._value.spec.shape)


def _at(x: Tensor, attrs: Any) -> Tensor:
    numbers, axes = attrs
    return p.index(x, *numbers, axes=axes)


def _at_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    numbers, axes = attrs
    return p.index_put(x, part, *numbers, axes=axes, accumulate=False)


def _windows(x: Tensor, attrs: Any) -> Tensor:
    size, step = attrs
    return p.windows(x, sizes=(size,), strides=(step,), dilations=(1,))


def _windows_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    spec = x._value.spec
    places = _windows(p.reshape(p.iota(size=spec.size, dtype=int64), shape=spec.shape), attrs)
    put = p.index_put(_flat(x), _flat(part), _flat(places), axes=(0,), accumulate=False)
    return p.reshape(put, shape=spec.shape)


def _conj_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    return p.conj(part)


def _flat(x: Tensor) -> Tensor:
    return p.reshape(x, shape=(x._value.spec.size,))


def _as_real(x: Tensor, attrs: Any) -> Tensor:
    shape = (*x._value.spec.shape, 1)
    return p.concatenate(
        p.reshape(p.real(x), shape=shape), p.reshape(p.imag(x), shape=shape), axis=len(shape) - 1
    )


def _as_real_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    return _as_complex(part, attrs)


def _as_complex(x: Tensor, attrs: Any) -> Tensor:
    shape = x._value.spec.shape
    lead, ones = shape[:-1], (1,) * len(shape)
    halves = [p.slice(x, starts=(0,) * len(lead) + (k,), limits=(*lead, k + 1), strides=ones) for k in (0, 1)]
    return p.complex(p.reshape(halves[0], shape=lead), p.reshape(halves[1], shape=lead))


def _as_complex_undo(x: Tensor, attrs: Any, part: Tensor) -> Tensor:
    return _as_real(part, attrs)


#: Kinds of steps that only move elements.
PLAIN: Final = frozenset({"reshape", "transpose", "slice", "broadcast_to", "pick", "at", "windows"})

#: Those of them by which one element is in several places.
REPEATING: Final = frozenset({"broadcast_to", "windows"})

FORWARD: Final[dict[str, Callable[[Tensor, Any], Tensor]]] = {
    "reshape": lambda x, shape: p.reshape(x, shape=shape),
    "transpose": lambda x, perm: p.transpose(x, perm=perm),
    "slice": lambda x, attrs: p.slice(x, starts=attrs[0], limits=attrs[1], strides=attrs[2]),
    "broadcast_to": lambda x, shape: p.broadcast_to(x, shape=shape),
    "real": lambda x, _: p.real(x),
    "imag": lambda x, _: p.imag(x),
    "pick": _pick,
    "at": _at,
    "windows": _windows,
    "conj": lambda x, _: p.conj(x),
    "as_real": _as_real,
    "as_complex": _as_complex,
}

UNDO: Final[dict[str, Callable[[Tensor, Any, Tensor], Tensor]]] = {
    "reshape": _reshape_undo,
    "transpose": _transpose_undo,
    "slice": _slice_undo,
    "broadcast_to": _broadcast_undo,
    "real": _real_undo,
    "imag": _imag_undo,
    "pick": _pick_undo,
    "at": _at_undo,
    "windows": _windows_undo,
    "conj": _conj_undo,
    "as_real": _as_real_undo,
    "as_complex": _as_complex_undo,
}
