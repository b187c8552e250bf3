"""Row exchanges: as LAPACK lists them, as a permutation, and as a matrix."""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.functions.joining import joined
from telegrad.functions.operands import expanded, positions
from telegrad.linalg.matrices import as_columns
from telegrad.making.promotion import constant
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType, int32, int64


def _at(x: Tensor, place: int) -> Tensor:
    """One element of vectors, as a vector of one."""
    lead = tuple(x.shape[:-1])
    none = (0,) * len(lead)
    return p.slice(x, starts=(*none, place), limits=(*lead, place + 1), strides=(1,) * x.ndim)


def pivots_of(order: Tensor, count: int) -> Tensor:
    """LAPACK's list of a permutation: at step i row i was exchanged with row pivots[i], counted from 1.

    Shape: int64 (..., m) to int32 (..., count)
    """
    m, axis = order.shape[-1], order.ndim - 1
    lead = tuple(order.shape[:-1])
    places = positions(m)
    now = expanded(places, tuple(order.shape))
    found = []
    for i in range(count):
        at = p.argmax(p.cast(p.eq(now, _at(order, i)), dtype=int64), axis=axis, keepdims=True)
        found.append(at)
        # The row that was at i moves; what is at i now stays there and is not looked for again.
        now = p.where(p.eq(places, at), _at(now, i), now)
        now = p.where(p.eq(places, constant(i, int64)), constant(-1, int64), now)
    if not found:
        return p.full(shape=(*lead, 0), fill=0, dtype=int32)
    return p.cast(p.add(joined(found, axis), constant(1, int64)), dtype=int32)


def order_of(pivots: Tensor, rows: int) -> Tensor:
    """The permutation that LAPACK's list of exchanges makes.

    Shape: (..., k), counted from 1, to int64 (..., rows)
    """
    lead, axis = tuple(pivots.shape[:-1]), pivots.ndim - 1
    places = positions(rows)
    order = expanded(places, (*lead, rows))
    zero_based = p.sub(p.cast(pivots, dtype=int64), constant(1, int64))
    for i in range(pivots.shape[-1]):
        at = _at(zero_based, i)
        here, there = _at(order, i), p.gather(order, at, axis=axis)
        order = p.where(p.eq(places, at), here, order)
        order = p.where(p.eq(places, constant(i, int64)), there, order)
    return order


def matrix_of(order: Tensor, dtype: DType) -> Tensor:
    """The matrix P with A = P L U of a permutation with A[order] = L U.

    Shape: int64 (..., m) to (..., m, m)
    """
    m = order.shape[-1]
    # Column j of P has its one in row order[j].
    row = as_columns(positions(m))
    columns = p.reshape(order, shape=(*order.shape[:-1], 1, m))
    return p.where(p.eq(columns, row), constant(1, dtype), constant(0, dtype))
