"""Inputs that an operator takes: its record's examples on every element type, with numbers of its domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from telegrad_engine.ops import emit as g
from telegrad_engine.ops.contraction import adjoint
from telegrad_engine.ops.record import Example, OpRecord
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, DTypeError
from telegrad_proto.ir import Value
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec
from tests.engine.ops.graphs import Array

#: Inputs that keep their element type whatever the operator works on.
FIXED = {"index", "indices", "condition", "key"}

#: Shapes that elementwise operators must take beside their examples'.
STRETCHED: dict[int, list[tuple[tuple[int, ...], ...]]] = {
    1: [((),), ((0, 3),), ((4, 1, 2),)],
    2: [((), ()), ((0, 3), (3,)), ((4, 1, 3), (2, 1)), ((2,), ())],
}


def _positive(x: Value) -> Value:
    n = x.spec.shape[-1]
    one = np.eye(n)
    weight = g.where(g.eq(g.reshape(_count(n), (n, 1)), g.reshape(_count(n), (1, n))), float(len(one)), 0.0)
    return g.add(g.matmul(x, adjoint(x)), g.cast(weight, x.spec.dtype)) if n else x


def _count(n: int) -> Value:
    count: Value = g.iota(size=n, dtype=dtypes.float64)
    return count


def _hermitian(x: Value) -> Value:
    made: Value = g.add(x, adjoint(x))
    return made


def _dominant(x: Value) -> Value:
    """A square matrix that is far from singular, or a triangle that is."""
    n = x.spec.shape[-1]
    eye = g.eq(g.reshape(_count(n), (n, 1)), g.reshape(_count(n), (1, n)))
    made: Value = g.add(x, g.cast(g.cast(eye, dtypes.float64), x.spec.dtype)) if n else x
    return made


#: What is done to the inputs first, where not every matrix has the decomposition.
PREPARE: dict[str, Callable[[Value], Value]] = {
    "cholesky": _positive,
    "eigh": _hermitian,
    "solve": _dominant,
    "triangular_solve": _dominant,
}


def _phase_free_svd(u: Value, s: Value, vh: Value) -> Sequence[Value]:
    """What does not change with the phase of complex vectors, nor with those past the smaller side."""
    k = s.spec.shape[-1]
    if not u.spec.dtype.is_complex:
        return _part(u, k, -1), s, _part(vh, k, -2)
    weights = g.cast(g.add(_count(k), 1.0), u.spec.dtype)
    inner = g.mul(
        _part(u, k, -1),
        g.reshape(weights, (1,) * (u.spec.ndim - 1) + (k,)),
    )
    return s, g.matmul(inner, _part(vh, k, -2))


def _part(x: Value, size: int, axis: int) -> Value:
    limits = list(x.spec.shape)
    limits[axis] = size
    made: Value = g.slice(x, starts=(0,) * x.spec.ndim, limits=tuple(limits), strides=(1,) * x.spec.ndim)
    return made


#: What derivatives are tested of, where outputs are defined up to a phase.
HEADS: dict[str, Callable[..., Sequence[Value]]] = {
    "eigh": lambda w, v: (w, g.abs(v)),
    "eig": lambda w, v: (w, g.abs(v)),
    "svd": _phase_free_svd,
    "lu": lambda factors, perm: (factors,),
}


def with_dtype(record: OpRecord, sample: Example, dtype: DType) -> Example | None:
    """The example on another element type, or None where the operator does not take it."""
    specs = []
    for position, spec in enumerate(sample.specs):
        name = record.inputs[min(position, len(record.inputs) - 1)]
        specs.append(spec if name in FIXED else spec.with_dtype(dtype))
    try:
        OPSET[record.name].infer(tuple(specs), tuple(sample.attrs[n] for n, _ in record.attributes))
    except (DTypeError, ArgumentError):
        return None
    return Example(tuple(specs), sample.attrs)


def examples_of(record: OpRecord) -> Iterator[Example]:
    yield from record.examples
    if record.rule.name in ("unary", "binary") and not record.attributes:
        for shapes in STRETCHED[len(record.inputs)]:
            dtype = record.examples[0].specs[0].dtype
            yield Example(tuple(Spec(shape, dtype) for shape in shapes))


def draw(rng: np.random.Generator, spec: Spec, domain: tuple[float, float]) -> Array:
    """Numbers of the domain, in the spec's element type."""
    low, high = domain
    dtype = spec.dtype
    if dtype.kind == "b":
        return rng.integers(0, 2, spec.shape).astype(bool)
    if dtype.kind in "iu":
        first = max(int(np.ceil(low)), 0 if dtype.kind == "u" else -100)
        return rng.integers(first, int(high) + 1, spec.shape).astype(dtype.typestr)
    real = rng.uniform(low, high, spec.shape)
    if dtype.kind == "f":
        return np.asarray(real, dtype.typestr)
    return np.asarray(real + 0.3j * rng.uniform(-1, 1, spec.shape), dtype.typestr)


def indices(rng: np.random.Generator, spec: Spec, size: int, axis: int) -> Array:
    """Positions below `size`, each once along the axis where there is room."""
    if spec.size == 0 or spec.ndim == 0:
        return rng.integers(0, max(size, 1), spec.shape).astype("<i8")
    length = spec.shape[axis]
    room = max(size, length)
    shape = list(spec.shape)
    shape[axis] = room
    order = rng.random(shape).argsort(axis=axis).astype("<i8") % max(size, 1)
    return order.take(range(length), axis=axis)


def sampled(record: OpRecord, sample: Example, rng: np.random.Generator) -> list[Array]:
    """Arrays that the operator takes."""
    arrays: list[Array] = []
    for position, spec in enumerate(sample.specs):
        name = record.inputs[min(position, len(record.inputs) - 1)]
        if name == "key":
            arrays.append(rng.integers(0, 2**63, 2).astype("<u8"))
        elif name == "index":
            axis = sample.attrs["axis"]
            assert isinstance(axis, int)
            shape = sample.specs[0].shape or (1,)
            arrays.append(indices(rng, spec, shape[axis], axis))
        elif name == "indices":
            axes = sample.attrs["axes"]
            assert isinstance(axes, tuple)
            size = sample.specs[0].shape[int(axes[position - len(record.inputs) + 1])]
            arrays.append(rng.integers(-size, max(size, 1), spec.shape).astype("<i8"))
        elif name == "sorted":
            arrays.append(np.sort(draw(rng, spec, record.domain), axis=-1))
        else:
            arrays.append(draw(rng, spec, record.domain))
    return arrays


def graph_of(record: OpRecord, sample: Example, *, heads: bool) -> Callable[..., Sequence[Value]]:
    prepare = PREPARE.get(record.name)

    def build(*values: Value) -> Sequence[Value]:
        inputs = list(values)
        if prepare is not None:
            inputs[0] = prepare(inputs[0])
        made = getattr(g, record.name)(*inputs, **sample.attrs)
        outputs: Sequence[Value] = (made,) if record.outputs == 1 else made
        return HEADS[record.name](*outputs) if heads and record.name in HEADS else outputs

    return build
