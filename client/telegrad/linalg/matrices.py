"""What the functions of matrices share: transposes, identities, and torch's checks."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad import _primitives as p
from telegrad.functions.operands import expanded, filled, like, positions
from telegrad.making.promotion import constant
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto import shapes
from telegrad_proto.dtypes import DType, bool_, float16, int64
from telegrad_proto.errors import DTypeError, ShapeError


def turned(x: Tensor) -> Tensor:
    """Matrices with rows and columns exchanged."""
    order = tuple(range(x.ndim))
    return p.transpose(x, perm=(*order[:-2], order[-1], order[-2]))


def adjoint_of(x: Tensor) -> Tensor:
    """Matrices with rows and columns exchanged, and conjugated."""
    out = turned(x)
    return p.conj(out) if x.dtype.kind == "c" else out


def identity_matrix(size: int, dtype: DType) -> Tensor:
    """Ones on the diagonal.

    Shape: (size, size)
    """
    row = p.reshape(positions(size), shape=(size, 1))
    return p.where(p.eq(row, positions(size)), constant(1, dtype), constant(0, dtype))


def triangle_of(x: Tensor, *, upper: bool, diagonal: int = 0) -> Tensor:
    """Matrices with zeros outside of one triangle; `diagonal` moves its edge as in torch's tril and triu."""
    rows = p.reshape(positions(x.shape[-2]), shape=(x.shape[-2], 1))
    edge = p.add(rows, constant(diagonal, int64))
    columns = positions(x.shape[-1])
    return p.where(p.ge(columns, edge) if upper else p.le(columns, edge), x, like(x, 0))


def cut(x: Tensor, *, rows: tuple[int, int] | None = None, columns: tuple[int, int] | None = None) -> Tensor:
    """Some rows and some columns of matrices."""
    lead = x.ndim - 2
    first, second = rows or (0, x.shape[-2]), columns or (0, x.shape[-1])
    return p.slice(
        x,
        starts=(*(0,) * lead, first[0], second[0]),
        limits=(*x.shape[:lead], first[1], second[1]),
        strides=(1,) * x.ndim,
    )


def diagonals(x: Tensor) -> Tensor:
    """The diagonals of matrices.

    Shape: (..., m, n) to (..., min(m, n))
    """
    m, n = x.shape[-2:]
    k = min(m, n)
    square = cut(x, rows=(0, k), columns=(0, k)) if m != n else x
    lead = tuple(square.shape[:-2])
    if not k:
        return p.reshape(square, shape=(*lead, 0))
    # Of the elements in a row, every (k + 1)-th.
    flat = p.reshape(square, shape=(*lead, k * k))
    none = (0,) * len(lead)
    return p.slice(flat, starts=(*none, 0), limits=(*lead, k * k), strides=(*(1,) * len(lead), k + 1))


def as_columns(x: Tensor) -> Tensor:
    """Vectors as matrices of one column."""
    return p.reshape(x, shape=(*x.shape, 1))


def as_rows(x: Tensor) -> Tensor:
    """Vectors as matrices of one row."""
    return p.reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def flat_column(x: Tensor) -> Tensor:
    """Matrices of one column, or of one row, as vectors."""
    size = x.shape[-2] * x.shape[-1]
    return p.reshape(x, shape=(*x.shape[:-2], size))


def rows_at(x: Tensor, places: Tensor) -> Tensor:
    """The rows of matrices in another order.

    Shape: (..., m, n) and int64 (..., k) to (..., k, n); leading dimensions stretch.
    """
    lead = shapes.broadcast(tuple(x.shape[:-2]), tuple(places.shape[:-1]))
    count, columns = places.shape[-1], x.shape[-1]
    x = expanded(x, (*lead, *x.shape[-2:]))
    where = expanded(as_columns(places), (*lead, count, columns))
    return p.gather(x, where, axis=x.ndim - 2)


def rows_to(x: Tensor, places: Tensor) -> Tensor:
    """The rows of matrices at other places: the inverse of `rows_at` for a permutation."""
    lead = shapes.broadcast(tuple(x.shape[:-2]), tuple(places.shape[:-1]))
    shape = (*lead, *x.shape[-2:])
    where = expanded(as_columns(places), shape)
    return p.scatter(filled(shape, 0, x.dtype), where, expanded(x, shape), axis=len(shape) - 2)


def require_floating(x: Tensor, name: str, *, half: bool = False) -> None:
    """Accept matrices of floating point or complex numbers; of half precision where `half`.

    Raises:
        DTypeError: they are of another type, or of half precision; torch's words.
    """
    if x.dtype.kind not in "fc":
        raise DTypeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {scalar_name(x.dtype)}"
        )
    if x.dtype is float16 and not half:
        raise DTypeError(f"{name}: Low precision dtypes not supported. Got {scalar_name(x.dtype)}")


def require_matrices(x: Tensor, name: str, argument: str = "A") -> None:
    """Accept what has rows and columns.

    Raises:
        ShapeError: it has fewer than two dimensions; torch's words.
    """
    if x.ndim < 2:
        raise ShapeError(f"{name}: The input tensor {argument} must have at least 2 dimensions.")


def require_square(x: Tensor, name: str) -> None:
    """Accept square matrices.

    Raises:
        ShapeError: they are none; torch's words.
    """
    require_matrices(x, name)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} "
            f"matrices"
        )


def tied(result: Tensor, x: Tensor) -> Tensor:
    """A result that does not depend on x, in whose graph x stands all the same, as in torch's."""
    everything = p.sum(x, axes=tuple(range(x.ndim)), keepdims=False)
    return p.where(constant(False, bool_), p.cast(everything, dtype=result.dtype), result)


def product_of(sizes: Sequence[int]) -> int:
    """The number of elements of these dimensions."""
    return shapes.size_of(tuple(sizes))
