"""Determinants, inverses and pseudo-inverses."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.functions.operands import like, positions
from telegrad.functions.results import SignLog, returned_by
from telegrad.linalg.matrices import (
    as_columns,
    as_rows,
    diagonals,
    identity_matrix,
    product_of,
    require_floating,
    require_matrices,
    require_square,
)
from telegrad.linalg.tolerances import tolerances
from telegrad.making.promotion import constant
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType, int64
from telegrad_proto.errors import ArgumentError, ShapeError

_Slogdet, _LinalgSlogdet = returned_by("slogdet", SignLog), returned_by("linalg_slogdet", SignLog)


def _parity(order: Tensor, dtype: DType) -> Tensor:
    """1 for a permutation that an even number of exchanges makes, else -1.

    Shape: int64 (..., n) to (...)
    """
    n = order.shape[-1]
    later = p.gt(p.reshape(positions(n), shape=(1, n)), p.reshape(positions(n), shape=(n, 1)))
    crossed = p.logical_and(p.gt(as_columns(order), as_rows(order)), later)
    count = p.sum(p.cast(crossed, dtype=int64), axes=(order.ndim - 1, order.ndim), keepdims=False)
    odd = p.eq(p.remainder(count, constant(2, int64)), constant(1, int64))
    return p.where(odd, constant(-1, dtype), constant(1, dtype))


def _pivots(x: Tensor) -> tuple[Tensor, Tensor]:
    """The diagonal of the upper factor, and the sign of the row exchanges."""
    factors, order = p.lu(x)
    return diagonals(factors), _parity(order, x.dtype)


@function(namespace=("", "linalg"), method=True, label="LinalgDetBackward0")
def det(A: Tensor) -> Tensor:
    """The determinants of square matrices."""
    require_square(A, "linalg.det")
    require_floating(A, "linalg.det")
    return p.det(A)


def _sign_and_log(x: Tensor) -> tuple[Tensor, Tensor]:
    pivots, parity = _pivots(x)
    last = (pivots.ndim - 1,)
    sign = p.mul(p.prod(p.sign(pivots), axes=last, keepdims=False), parity)
    return sign, p.sum(p.log(p.abs(pivots)), axes=last, keepdims=False)


@function(namespace="linalg", label="LinalgSlogdetBackward0")
def slogdet(A: Tensor) -> SignLog:
    """The signs of the determinants, and the logarithms of their absolute values."""
    require_square(A, "linalg.slogdet")
    require_floating(A, "linalg.slogdet")
    return _LinalgSlogdet(*_sign_and_log(A))


@function(name="slogdet", method=True, label="LinalgSlogdetBackward0")
def _old_slogdet(input: Tensor) -> SignLog:
    """The signs of the determinants, and the logarithms of their absolute values."""
    return _Slogdet(*slogdet(input))


@function(method=True, label=None)
def logdet(input: Tensor) -> Tensor:
    """The logarithms of the determinants; NaN of negative ones."""
    require_square(input, "logdet")
    require_floating(input, "logdet")
    sign, log = _sign_and_log(input)
    if input.dtype.kind == "c":
        return labelled(p.add(p.cast(log, dtype=input.dtype), p.log(sign)), "AddBackward0")
    return labelled(p.where(p.eq(sign, like(sign, -1)), like(log, float("nan")), log), "WhereBackward0")


def inverted(x: Tensor) -> Tensor:
    """The inverses of square matrices."""
    return p.solve(x, identity_matrix(x.shape[-1], x.dtype))


@function(namespace="linalg", label="LinalgInvExBackward0")
def inv(A: Tensor) -> Tensor:
    """The inverses of square matrices."""
    require_square(A, "linalg.inv")
    require_floating(A, "linalg.inv")
    return inverted(A)


@function(method=True, label="LinalgInvExBackward0")
def inverse(input: Tensor) -> Tensor:
    """The inverses of square matrices."""
    require_square(input, "linalg.inv")
    require_floating(input, "linalg.inv")
    return inverted(input)


def pseudo_inverse(x: Tensor, atol: Any, rtol: Any, *, hermitian: bool) -> Tensor:
    """The matrices that invert x where it can be inverted, and are 0 beside that."""
    least, share = tolerances(x, atol, rtol)
    return p.pinv(x, least, share, hermitian=hermitian)


@function(namespace="linalg", label="LinalgPinvBackward0")
def pinv(
    A: Tensor,
    rcond: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
) -> Tensor:
    """The pseudo-inverses; singular values up to a tolerance count as 0."""
    require_floating(A, "linalg.pinv")
    require_matrices(A, "linalg.pinv")
    if hermitian:
        require_square(A, "linalg.pinv")
    return pseudo_inverse(A, atol, rcond if rcond is not None else rtol, hermitian=hermitian)


@function(method=True, label="LinalgPinvBackward0")
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverses; singular values up to `rcond` times the largest count as 0."""
    require_floating(input, "linalg.pinv")
    require_matrices(input, "linalg.pinv")
    return pseudo_inverse(input, None, rcond, hermitian=False)


@function(namespace="linalg", label="ReshapeAliasBackward0")
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse with respect to tensordot over the first `ind` dimensions.

    Raises:
        ArgumentError: `ind` is not positive.
        ShapeError: the first dimensions do not have as many elements as the others.
    """
    if ind <= 0:
        raise ArgumentError("Expected a strictly positive integer for 'ind'")
    first, rest = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    rows, columns = product_of(first), product_of(rest)
    if rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but "
            "got "
            f"{columns} != {rows}"
        )
    return p.reshape(inverted(p.reshape(A, shape=(rows, columns))), shape=(*rest, *first))
