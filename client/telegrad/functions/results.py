"""What functions with several results give back: named tuples that print as torch's return types."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from telegrad.tensor import Tensor


class Extreme(NamedTuple):
    """Values and where they were."""

    values: Tensor
    indices: Tensor


class MinMax(NamedTuple):
    """The smallest and the largest."""

    min: Tensor
    max: Tensor


class QR(NamedTuple):
    """A matrix with orthonormal columns and an upper triangular one."""

    Q: Tensor
    R: Tensor


class SVD(NamedTuple):
    """Left singular vectors, singular values, right singular vectors conjugated and transposed."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class OldSVD(NamedTuple):
    """Left singular vectors, singular values, right singular vectors."""

    U: Tensor
    S: Tensor
    V: Tensor


class Eigen(NamedTuple):
    """Eigenvalues and eigenvectors."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class LU(NamedTuple):
    """Permutation, lower and upper triangular factors."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactor(NamedTuple):
    """Both triangular factors in one matrix, and the rows exchanged."""

    LU: Tensor
    pivots: Tensor


class SignLog(NamedTuple):
    """A determinant as its sign and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class LeastSquares(NamedTuple):
    """The solution of a least squares problem, and what is known of it."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class Frexp(NamedTuple):
    """Numbers as mantissa times a power of two."""

    mantissa: Tensor
    exponent: Tensor


class TriangularSolution(NamedTuple):
    """The solution, and the matrix that it was solved with."""

    solution: Tensor
    cloned_coefficient: Tensor


T = TypeVar("T", bound=tuple[Any, ...])


def _shown(self: Any) -> str:
    parts = ",\n".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{parts})"


def returned_by(name: str, form: type[T]) -> type[T]:
    """The type of a function's results: a named tuple of this form that prints under the function's name."""
    return type(name, (form,), {"__slots__": (), "__repr__": _shown, "__doc__": form.__doc__})
