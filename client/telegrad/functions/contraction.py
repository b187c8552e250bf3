"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.functions.arranging import rolled
from telegrad.functions.operands import axis_of, expanded, like
from telegrad.functions.shape import permuted
from telegrad.making.creation import array_from
from telegrad.making.promotion import Number, promote_operands
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def _same_type(a: Tensor, b: Tensor) -> None:
    if a.dtype is not b.dtype:
        names = [scalar_name(x.dtype).lower() for x in (a, b)]
        raise DTypeError(f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}")


def _require_matrix(x: Tensor, name: str) -> None:
    if x.ndim != 2:
        raise ShapeError(f"{name} must be a matrix")


@function()
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices.

    Raises:
        ShapeError: not two matrices, or inner sizes that differ.
    """
    _require_matrix(input, "self")
    _require_matrix(mat2, "mat2")
    _same_type(input, mat2)
    return p.matmul(input, mat2)


@function()
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of the matrices of two batches.

    Raises:
        ShapeError: not two batches of as many matrices, or inner sizes that differ.
    """
    for name, x in (("batch1", input), ("batch2", mat2)):
        if x.ndim != 3:
            raise ShapeError(f"{name} must be a 3D tensor")
    _same_type(input, mat2)
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        raise ShapeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{input.shape[0]}, "
            f"{input.shape[2]}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    return p.matmul(input, mat2)


def _vectors(a: Tensor, b: Tensor, name: str) -> None:
    spec = a._value.spec
    if spec is b._value.spec and spec.ndim == 1:
        return
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype is not b.dtype:
        raise DTypeError(
            f"{name} : expected both vectors to have same dtype, but found {scalar_name(a.dtype)} and "
            f"{scalar_name(b.dtype)}"
        )
    if a.shape != b.shape:
        m, n = a.shape[0], b.shape[0]
        raise ShapeError(
            f"inconsistent tensor size, expected tensor [{m}] and src [{n}] to have the same number of "
            f"elements, but got {m} and {n} elements respectively"
        )


def inner_product(a: Tensor, b: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements."""
    return p.sum(p.mul(a, b), axes=(0,), keepdims=False)


@function()
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements.

    Raises:
        ShapeError: not two vectors of one length.
    """
    _vectors(input, tensor, "dot")
    return inner_product(input, tensor)


@function()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements, the first conjugated."""
    _vectors(input, other, "vdot")
    return inner_product(p.conj(input) if input.dtype.kind == "c" else input, other)


def _matrix_vector(matrix: Tensor, vector: Tensor) -> Tensor:
    (m, k), (n,) = matrix.shape, vector.shape
    if k != n:
        raise ShapeError(f"size mismatch, got input ({m}), mat ({m}x{k}), vec ({n})")
    return p.reshape(p.matmul(matrix, p.reshape(vector, shape=(n, 1))), shape=(m,))


@function()
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector.

    Raises:
        ShapeError: not those, or sizes that do not fit.
    """
    if input.ndim != 2 or vec.ndim != 1:
        raise ShapeError(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}")
    _same_type(input, vec)
    return _matrix_vector(input, vec)


@function(namespace=("", "linalg"), method=True, label=None)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of vectors, matrices and batches of matrices, whichever the two are.

    Raises:
        ShapeError: one has no dimension, or sizes that do not fit.
    """
    a, b = input, other
    m, n = a._value.spec, b._value.spec
    if m.ndim == 2 == n.ndim and m.dtype is n.dtype:
        return labelled(p.matmul(a, b), "MmBackward0")
    if not a.ndim or not b.ndim:
        raise ShapeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D"
        )
    if a.ndim == 1 and b.ndim == 1:
        return dot(a, b)
    _same_type(a, b)
    if a.ndim == 2 and b.ndim == 1:
        return mv(a, b)
    row = p.reshape(a, shape=(1, a.shape[0])) if a.ndim == 1 else a
    column = p.reshape(b, shape=(b.shape[0], 1)) if b.ndim == 1 else b
    out = p.matmul(row, column)
    if a.ndim == 1:
        label = "SqueezeBackward4" if b.ndim == 2 else "UnsafeViewBackward0"
        return labelled(p.reshape(out, shape=(*out.shape[:-2], out.shape[-1])), label)
    if b.ndim == 1:
        return labelled(p.reshape(out, shape=tuple(out.shape[:-1])), "UnsafeViewBackward0")
    return labelled(out, "BmmBackward0" if a.ndim == b.ndim == 3 else "UnsafeViewBackward0")


def _checked_vectors(name: str, *pairs: tuple[str, Tensor]) -> None:
    for argument, x in pairs:
        if x.ndim != 1:
            raise ShapeError(f"{name}: Expected 1-D argument {argument}, but got {x.ndim}-D")


@function(label="MulBackward0", aliases=("ger",))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of products of two vectors' elements."""
    _checked_vectors("outer", ("self", input), ("vec2", vec2))
    a, b = promote_operands(input, vec2)
    return p.mul(p.reshape(a, shape=(a.shape[0], 1)), p.reshape(b, shape=(1, b.shape[0])))


@function(label=None)
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products over the last dimensions.

    Raises:
        ShapeError: those differ.
    """
    if not input.ndim or not other.ndim:
        return labelled(p.mul(*promote_operands(input, other)), "MulBackward0")
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} "
            f"and {list(other.shape)}"
        )
    return tensordot(input, other, dims=([input.ndim - 1], [other.ndim - 1]))


def _combined(base: Tensor, product: Tensor, beta: Number, alpha: Number) -> Tensor:
    """beta * base + alpha * product; a beta of 0 drops the base, NaN and all."""
    shapes.check_expand(tuple(base.shape), tuple(product.shape))
    if alpha != 1:
        product = p.mul(product, like(product, alpha))
    if beta == 0:
        # Nothing of the base is left, but it is in the graph.
        return p.add(p.where(p.eq(base, base), p.mul(p.sign(base), like(base, 0)), like(base, 0)), product)
    return p.add(base if beta == 1 else p.mul(base, like(base, beta)), product)


@function(inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * mat1 @ mat2."""
    _require_matrix(mat1, "mat1")
    _require_matrix(mat2, "mat2")
    _same_type(mat1, mat2)
    return _combined(input, p.matmul(mat1, mat2), beta, alpha)


@function(inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * mat @ vec."""
    if mat.ndim != 2 or vec.ndim != 1:
        raise ShapeError(f"vector + matrix @ vector expected, got {input.ndim}, {mat.ndim}, {vec.ndim}")
    return _combined(input, _matrix_vector(mat, vec), beta, alpha)


@function(inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * the outer product of two vectors."""
    _checked_vectors("addr", ("vec1", vec1), ("vec2", vec2))
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if input.dtype.kind in "biu" and isinstance(factor, float):
            raise ArgumentError(
                f"addr: For integral input tensors, argument {name} must not be a floating point number, got "
                f"{factor}"
            )
    product = p.mul(p.reshape(vec1, shape=(vec1.shape[0], 1)), p.reshape(vec2, shape=(1, vec2.shape[0])))
    return _combined(input, product, beta, alpha)


def _require_batches(*batches: Tensor) -> None:
    for i, x in enumerate(batches, start=1):
        if x.ndim != 3:
            raise ShapeError(f"batch{i} must be a 3D tensor")


@function(inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * batch1 @ batch2."""
    _require_batches(batch1, batch2)
    return _combined(input, bmm(batch1, batch2), beta, alpha)


@function(inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * the sum of the products of two batches of matrices."""
    _require_batches(batch1, batch2)
    return _combined(input, p.sum(bmm(batch1, batch2), axes=(0,), keepdims=False), beta, alpha)


@function(label="ViewBackward0", method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sums of products over pairs of dimensions: the last of `a` with the first of `b`, or as named.

    Raises:
        ShapeError: two paired dimensions differ.
        ArgumentError: not as many of either.
    """
    if isinstance(dims, Tensor):
        dims = array_from(dims).tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise ArgumentError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise ArgumentError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        left, right = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        given = [[d] if isinstance(d, int) else list(d) for d in dims]
        left = [axis_of(d, a.ndim) for d in given[0]]
        right = [axis_of(d, b.ndim) for d in given[1]]
    if len(left) != len(right):
        raise ArgumentError("both dimension lists should have same length")
    # A dimension of 1 stretches against its partner: that one's sum comes first.
    for i, j in zip(left, right, strict=True):
        if a.shape[i] == 1 != b.shape[j]:
            b = p.sum(b, axes=(j,), keepdims=True)
        elif b.shape[j] == 1 != a.shape[i]:
            a = p.sum(a, axes=(i,), keepdims=True)
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i - a.ndim} "
                f"and second has size {b.shape[j]} in dim {j}"
            )
    free_a = [i for i in range(a.ndim) if i not in left]
    free_b = [j for j in range(b.ndim) if j not in right]
    shape_a, shape_b = (tuple(x.shape[i] for i in free) for x, free in ((a, free_a), (b, free_b)))
    inside = shapes.size_of(tuple(a.shape[i] for i in left))
    rows = p.reshape(permuted(a, (*free_a, *left)), shape=(shapes.size_of(shape_a), inside))
    columns = p.reshape(permuted(b, (*right, *free_b)), shape=(inside, shapes.size_of(shape_b)))
    _same_type(a, b)
    return p.reshape(p.matmul(rows, columns), shape=(*shape_a, *shape_b))


@function(label="UnsafeViewBackward0")
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product."""
    a, b = promote_operands(input, other)
    ndim = max(a.ndim, b.ndim)
    left = (1,) * (ndim - a.ndim) + tuple(a.shape)
    right = (1,) * (ndim - b.ndim) + tuple(b.shape)
    outer_shape = tuple(n for m in left for n in (m, 1))
    inner_shape = tuple(n for m in right for n in (1, m))
    product = p.mul(p.reshape(a, shape=outer_shape), p.reshape(b, shape=inner_shape))
    return p.reshape(product, shape=tuple(m * n for m, n in zip(left, right, strict=True)))


def cross_product(a: Tensor, b: Tensor, axis: int) -> Tensor:
    """The vector products of three-element vectors along an axis.

    Raises:
        ShapeError: the dimension is not 3.
        DTypeError: vectors of two types.
    """
    if a.ndim != b.ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have the same number of dimensions, got {a.ndim} and {b.ndim}"
        )
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {axis} must have length 3. Got {a.shape[axis]} and "
            f"{b.shape[axis]}"
        )
    if a.dtype is not b.dtype:
        raise DTypeError(
            f"cross: expected scalar type {scalar_name(a.dtype)} but found {scalar_name(b.dtype)}"
        )
    shape = shapes.broadcast(tuple(a.shape), tuple(b.shape))
    a, b = expanded(a, shape), expanded(b, shape)
    ahead_a, ahead_b = rolled(a, -1, axis), rolled(b, -1, axis)
    behind_a, behind_b = rolled(a, 1, axis), rolled(b, 1, axis)
    return p.sub(p.mul(ahead_a, behind_b), p.mul(behind_a, ahead_b))


@function(label="LinalgCrossBackward0")
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector products along a dimension of three, the first such one if none is named.

    Raises:
        ShapeError: there is none.
    """
    if dim is not None:
        return cross_product(input, other, axis_of(dim, input.ndim))
    for axis, size in enumerate(input.shape):
        if size == 3:
            return cross_product(input, other, axis)
    raise ShapeError("no dimension of size 3 in input")
