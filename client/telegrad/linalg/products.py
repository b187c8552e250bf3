"""Products of matrices and of vectors: powers, chains, exponentials."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad import _primitives as p
from telegrad.functions.chains import chained
from telegrad.functions.contraction import cross_product, matmul
from telegrad.functions.joining import joined
from telegrad.functions.operands import axis_of, broadcast_together, expanded, filled, widened
from telegrad.functions.pieces import diagonal as _diagonal
from telegrad.linalg.matrices import identity_matrix, require_square, tied
from telegrad.making.promotion import promote_operands
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import float16
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def power(x: Tensor, n: int) -> Tensor:
    """Square matrices to an integer power, by repeated squaring."""
    size = x.shape[-1]
    if n < 0:
        x, n = labelled(p.solve(x, identity_matrix(size, x.dtype)), "LinalgInvExBackward0"), -n
    if n == 0:
        return tied(expanded(identity_matrix(size, x.dtype), tuple(x.shape)), x)
    out: Tensor | None = None
    while n:
        if n % 2:
            out = x if out is None else matmul(out, x)
        n //= 2
        if n:
            x = matmul(x, x)
    assert out is not None, "a positive number has a bit"
    return out


@function(namespace=("", "linalg"), method=True, label=None)
def matrix_power(input: Tensor, n: int) -> Tensor:
    """Square matrices to an integer power; of a negative one the inverse is taken."""
    require_square(input, "linalg.matrix_power")
    if n == 1:
        return labelled(p.identity(input), "CloneBackward0")
    return power(input, n)


@function(namespace=("", "linalg"), method=True, label="LinalgMatrixExpBackward0")
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of square matrices."""
    require_square(input, "linalg.matrix_exp")
    return p.matrix_exp(input)


@function(namespace="linalg", label=None)
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices; the first and the last may be vectors.

    Raises:
        ArgumentError: fewer than two.
        ShapeError: sizes that do not fit.
    """
    given = list(tensors)
    if len(given) < 2:
        raise ArgumentError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    first, last = given[0].ndim == 1, given[-1].ndim == 1
    for i, x in enumerate(given):
        if x.ndim != 2 and not (x.ndim == 1 and i in (0, len(given) - 1)):
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {x.ndim}D")
    if first:
        given[0] = p.reshape(given[0], shape=(1, given[0].shape[0]))
    if last:
        given[-1] = p.reshape(given[-1], shape=(given[-1].shape[0], 1))
    out = chained(given)
    rows, columns = out.shape
    shape = (*(() if first else (rows,)), *(() if last else (columns,)))
    return labelled(p.reshape(out, shape=shape), "ViewBackward0")


@function(namespace="linalg", label="LinalgCrossBackward0")
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector products along a dimension of three.

    Raises:
        ShapeError: it has another length.
    """
    axis = axis_of(dim, input.ndim)
    if input.ndim == other.ndim and not input.shape[axis] == other.shape[axis] == 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[axis]} and "
            f"{other.shape[axis]}"
        )
    return cross_product(input, other, axis)


@function(namespace="linalg", label=None)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sum of products along a dimension, of complex numbers the first conjugated."""
    for given in (x, y):
        if given.dtype.kind not in "fc":
            raise DTypeError(
                "linalg.vecdot: Expected a floating point or complex tensor as input. Got "
                f"{scalar_name(given.dtype)}"
            )
    a, b = promote_operands(x, y)
    label = "VdotBackward0" if a.ndim == b.ndim == 1 else "SumBackward1"
    a, b = broadcast_together(p.conj(a) if a.dtype.kind == "c" else a, b)
    return labelled(p.sum(p.mul(a, b), axes=(axis_of(dim, a.ndim),), keepdims=False), label)


@function(namespace="linalg", label="DiagonalBackward0")
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, a view."""
    return _diagonal(A, offset, dim1, dim2)


@function(namespace="linalg", label="CatBackward0")
def vander(x: Tensor, N: int | None = None) -> Tensor:
    """The powers 0, 1, ..., N - 1 of each element, in a new last dimension.

    Raises:
        ArgumentError: N is below 2.
    """
    if x.dtype.kind == "b" or x.dtype is float16:
        raise DTypeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got "
            f"{scalar_name(x.dtype)}"
        )
    x = widened(x)
    if not x.ndim:
        x = p.reshape(x, shape=(1,))
    count = x.shape[-1] if N is None else N
    if count <= 1:
        raise ArgumentError("N must be greater than 1.")
    shape = tuple(x.shape)
    wide = expanded(p.reshape(x, shape=(*shape, 1)), (*shape, count - 1))
    ones = filled((*shape, 1), 1, x.dtype)
    return joined([ones, p.cumprod(wide, axis=len(shape))], len(shape))
