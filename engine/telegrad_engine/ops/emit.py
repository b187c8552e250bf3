"""How a derivative rule writes graph: `g.mul(ct, g.cos(x))` adds nodes and computes nothing.

    from telegrad_engine.ops import emit as g

Every operator of the catalogue is a function of this module: values first, attributes by name, one Value
back, or a tuple of them for an operator with several outputs. Python numbers are taken where a Value stands
and become constants of the other operand's element type. Gradients flow through what is emitted only inside
`tracking()`.

A Batched value stands for many, each of its spec: what is emitted for it goes through the batching rules, so
a derivative rule, which knows nothing of it, serves a whole batch of cotangents.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from telegrad_proto.batching import apply_batched
from telegrad_proto.dtypes import DType
from telegrad_proto.ir import Value, apply_op
from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.spec import Spec

Number = bool | int | float | complex
Operand = Value | Number


class _Mode(threading.local):
    track = False
    origin = 0


_mode = _Mode()


class Batched(Value):
    """A batch of values.

    Attributes:
        whole: all of them, along a leading axis.

    Shape: whole is (n, ...) where the spec, that of one, is (...)
    """

    __slots__ = ("whole",)

    def __init__(self, whole: Value) -> None:
        super().__init__(whole.spec.with_shape(whole.spec.shape[1:]))
        self.whole = whole


@contextmanager
def tracking(track: bool = True) -> Iterator[None]:
    """Inside, what is emitted can be differentiated again (create_graph), and belongs where `at` says."""
    before = _mode.track, _mode.origin
    _mode.track = track
    try:
        yield
    finally:
        _mode.track, _mode.origin = before


def at(origin: int) -> None:
    """Say which forward value the nodes emitted from now on belong to; errors name it."""
    _mode.origin = origin


def constant(value: Number, like: Value) -> Value:
    """A 0-d value of `like`'s element type."""
    return full(value, (), like.spec.dtype)


def full(value: Number, shape: tuple[int, ...], dtype: DType) -> Value:
    """A value of this shape, the same everywhere."""
    return _emit(OPSET["full"], (), (shape, value, dtype))[0]


def zeros_like(x: Value) -> Value:
    return full(0, x.spec.shape, x.spec.dtype)


def ones_like(x: Value) -> Value:
    return full(1, x.spec.shape, x.spec.dtype)


def conj(x: Value) -> Value:
    """The complex conjugate; a real value gives itself."""
    return _emit(OPSET["conj"], (x,), ())[0] if x.spec.dtype.is_complex else x


def real(x: Value) -> Value:
    """The real part; a real value gives itself."""
    return _emit(OPSET["real"], (x,), ())[0] if x.spec.dtype.is_complex else x


def cast(x: Value, dtype: DType) -> Value:
    """`x` in another element type; the same one gives `x` itself."""
    return x if x.spec.dtype is dtype else _emit(OPSET["cast"], (x,), (dtype,))[0]


def reshape(x: Value, shape: tuple[int, ...]) -> Value:
    """`x` in another shape; the same one gives `x` itself."""
    return x if x.spec.shape == shape else _emit(OPSET["reshape"], (x,), (shape,))[0]


def broadcast_to(x: Value, shape: tuple[int, ...]) -> Value:
    """`x` repeated to this shape; the same one gives `x` itself."""
    return x if x.spec.shape == shape else _emit(OPSET["broadcast_to"], (x,), (shape,))[0]


def sum_to(x: Value, shape: tuple[int, ...]) -> Value:
    """`x` summed over what broadcasting `shape` to its own shape repeats: the transpose of `broadcast_to`.

    Shape: x (any that `shape` broadcasts to) -> shape
    """
    if x.spec.shape == shape:
        return x
    lead = x.spec.ndim - len(shape)
    axes = tuple(i for i, d in enumerate(x.spec.shape) if i < lead or (shape[i - lead] == 1 and d != 1))
    if axes:
        x = _emit(OPSET["sum"], (x,), (axes, True))[0]
    return reshape(x, shape)


def call(op: Op, inputs: tuple[Operand, ...], attrs: tuple[AttrValue, ...]) -> tuple[Value, ...]:
    """The outputs of a new node."""
    like = next((v for v in inputs if isinstance(v, Value) and v.spec.dtype.kind != "b"), None)
    like = like or next((v for v in inputs if isinstance(v, Value)), None)
    values = []
    for operand in inputs:
        if not isinstance(operand, Value):
            assert like is not None, f"{op.name}: a derivative rule gave numbers only"
            operand = constant(operand, like)
        values.append(operand)
    return _emit(op, tuple(values), attrs)


class _Emitter:
    """Hands the primitives of batching rules to the graph."""

    def spec(self, value: Value, /) -> Spec:
        return value.spec

    def apply(self, op: Op, inputs: Sequence[Value], attrs: tuple[AttrValue, ...], /) -> tuple[Value, ...]:
        return _emit(op, tuple(inputs), attrs)


_EMITTER: Final = _Emitter()


def _emit(op: Op, values: tuple[Value, ...], attrs: tuple[AttrValue, ...]) -> tuple[Value, ...]:
    carries = [type(value) is Batched for value in values]
    if True in carries:
        inputs = [value.whole if isinstance(value, Batched) else value for value in values]
        size = inputs[carries.index(True)].spec.shape[0]
        made = apply_batched(_EMITTER, op, inputs, carries, attrs, size=size)
        return tuple([Batched(value) for value in made])
    node = apply_op(op, values, attrs, track=_mode.track)
    node.origin = _mode.origin
    return node.outputs()


def __getattr__(name: str) -> Callable[..., Value]:
    """The emitting function of the operator of this name."""
    op = OPSET.ops.get(name)
    if op is None:
        raise AttributeError(f"no operator {name!r} in the catalogue")

    def emit(*inputs: Operand, **attrs: AttrValue) -> Any:
        outputs = call(op, inputs, tuple([attrs[a.name] for a in op.attributes]))
        return outputs[0] if len(outputs) == 1 else outputs

    emit.__name__ = name
    globals()[name] = emit  # the next use finds it without coming here
    return emit
