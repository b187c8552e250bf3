"""Reading and writing at positions that are values themselves."""

from __future__ import annotations

from telegrad_engine.kernels import indexing as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.ir import Value

Ints = tuple[int, ...]

_AXIS = (("axis", "int"),)
_I64 = dtypes.int64


def _filled(value: Value, shape: Ints) -> Value:
    """A value in the corner of zeros of this shape."""
    high = tuple(dim - size for dim, size in zip(shape, value.spec.shape, strict=True))
    none = (0,) * len(shape)
    return value if not any(high) else g.pad(value, low=none, high=high, interior=none, value=0)


def _gathered_for(ct: Value, index: Value, src: Value, axis: int) -> Value:
    """What of ct each element of src reaches; those that no index stands for reach nothing."""
    if index.spec.size == 0:
        return g.zeros_like(src)
    return g.reshape(
        _filled(g.gather(ct, index, axis=axis), src.spec.shape or (1,) * index.spec.ndim), src.spec.shape
    )


op(
    "gather",
    "x index",
    rule=Rule("gather"),
    attributes=_AXIS,
    forward=kernels.gather,
    vjps=(lambda ct, y, x, index, axis: g.scatter_add(g.zeros_like(x), index, ct, axis=axis), None),
    examples=(
        example((2, 3), ((2, 4), _I64), axis=1),
        example((3, 2), ((2, 1), _I64), axis=0),
        example((), ((), _I64), axis=0),
        example((), ((2,), _I64), axis=0),
        example((2, 0), ((2, 0), _I64), axis=1),
    ),
    doc="x read along an axis: y[i][j] = x[index[i][j]][j] for axis 0.",
)
op(
    "scatter",
    "x index src",
    rule=Rule("scatter"),
    attributes=_AXIS,
    forward=kernels.scatter,
    vjps=(
        lambda ct, y, x, index, src, axis: g.scatter(
            ct, index, g.full(0, index.spec.shape, ct.spec.dtype), axis=axis
        ),
        None,
        lambda ct, y, x, index, src, axis: _gathered_for(ct, index, src, axis),
    ),
    examples=(
        example((2, 3), ((2, 2), _I64), (2, 4), axis=1),
        example((3, 2), ((1, 2), _I64), (1, 2), axis=0),
        example((), ((), _I64), (), axis=0),
        example((2, 3), ((0, 2), _I64), (2, 2), axis=0),
    ),
    doc="x with src written along an axis; of several for one place any may stay.",
)
op(
    "scatter_add",
    "x index src",
    rule=Rule("scatter"),
    attributes=_AXIS,
    forward=kernels.scatter_add,
    vjps=(
        lambda ct, y, x, index, src, axis: ct,
        None,
        lambda ct, y, x, index, src, axis: _gathered_for(ct, index, src, axis),
    ),
    examples=(
        example((2, 3), ((2, 4), _I64), (2, 5), axis=1),
        example((3, 2), ((4, 2), _I64), (4, 2), axis=0),
        example((), ((), _I64), (), axis=0),
        example((2, 3), ((0, 2), _I64), (2, 2), axis=0),
    ),
    doc="x with src added along an axis, also several times to one place.",
)
op(
    "index",
    "x *indices",
    rule=Rule("index"),
    attributes=(("axes", "ints"),),
    forward=kernels.index,
    vjps=(
        lambda ct, y, x, *indices, axes: g.index_put(
            g.zeros_like(x), ct, *indices, axes=axes, accumulate=True
        ),
        None,
    ),
    examples=(
        example((3, 2, 4), ((2, 1), _I64), ((3,), _I64), axes=(0, 1)),
        example((3, 2, 4), ((2,), _I64), ((), _I64), axes=(0, 2)),
        example((3,), ((), _I64), axes=(0,)),
        example((3, 2), ((5,), _I64), axes=(1,)),
        example((0, 2), ((0, 3), _I64), axes=(0,)),
    ),
    doc="x read at index arrays, which broadcast, along some axes.",
)


def _index_put_vjp_x(
    ct: Value, y: Value, x: Value, values: Value, *indices: Value, axes: Ints, accumulate: bool
) -> Value:
    """All of ct where values were added; where they were written, ct beside them."""
    if accumulate:
        return ct
    return g.index_put(ct, g.full(0, (), ct.spec.dtype), *indices, axes=axes, accumulate=False)


op(
    "index_put",
    "x values *indices",
    rule=Rule("index_put"),
    attributes=(("axes", "ints"), ("accumulate", "bool")),
    forward=kernels.index_put,
    vjps=(
        _index_put_vjp_x,
        lambda ct, y, x, values, *indices, axes, accumulate: g.index(ct, *indices, axes=axes),
        None,
    ),
    examples=(
        example((3, 2, 4), (2, 3, 4), ((2, 1), _I64), ((3,), _I64), axes=(0, 1), accumulate=True),
        example((5, 2), (), ((1,), _I64), axes=(0,), accumulate=False),
        example((3, 2, 4), (4, 2), ((4,), _I64), ((), _I64), axes=(0, 2), accumulate=True),
        example((3,), (), ((), _I64), axes=(0,), accumulate=False),
        example((0, 2), (2,), ((0, 3), _I64), axes=(0,), accumulate=False),
    ),
    doc="x with values written, or added, at index arrays along some axes.",
)
