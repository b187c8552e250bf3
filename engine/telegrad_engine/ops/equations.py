"""Linear equations, triangular ones, and the exponential of a matrix."""

from __future__ import annotations

from telegrad_engine.kernels import linalg as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.contraction import adjoint
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto.dtypes import int64
from telegrad_proto.ir import Value

_FUNCTIONS_MANUAL = "PyTorch FunctionsManual.cpp"


def positions(rows: int, columns: int) -> tuple[Value, Value]:
    """The row number and the column number of each element of a matrix, to be compared.

    Shape: int64 (rows, 1) and (1, columns)
    """
    return (
        g.reshape(g.iota(size=rows, dtype=int64), (rows, 1)),
        g.reshape(g.iota(size=columns, dtype=int64), (1, columns)),
    )


def lower(x: Value, *, diagonal: bool = True) -> Value:
    """The elements on the diagonal and below it, zeros above.

    Shape: (..., m, n) gives (..., m, n)
    """
    row, column = positions(*x.spec.shape[-2:])
    return g.where(g.ge(row, column) if diagonal else g.gt(row, column), x, 0.0)


def upper(x: Value, *, diagonal: bool = True) -> Value:
    """The elements on the diagonal and above it, zeros below.

    Shape: (..., m, n) gives (..., m, n)
    """
    row, column = positions(*x.spec.shape[-2:])
    return g.where(g.le(row, column) if diagonal else g.lt(row, column), x, 0.0)


def _solve_vjp_b(ct: Value, y: Value, a: Value, b: Value) -> Value:
    return g.solve(adjoint(a), ct)


def _solve_vjp_a(ct: Value, y: Value, a: Value, b: Value) -> Value:
    """-a^-H ct y^H."""
    return g.neg(g.matmul(g.solve(adjoint(a), ct), adjoint(y)))


op(
    "solve",
    "a b",
    rule=Rule("solve", name="linalg.solve"),
    forward=kernels.solve,
    vjps=(_solve_vjp_a, _solve_vjp_b),
    examples=(
        example((3, 3), (3, 2)),
        example((2, 1, 2, 2), (3, 2, 1)),
        example((0, 0), (0, 2)),
        example((2, 2), (2, 0)),
    ),
    flops=lambda inputs, outputs, attrs: inputs[0].size * (inputs[0].shape[-1] + 2 * inputs[1].shape[-1]),
    doc="x with a x = b; leading dimensions broadcast.",
    source=f"{_FUNCTIONS_MANUAL}, linalg_solve_backward",
)


def _triangular_vjp_b(ct: Value, y: Value, a: Value, b: Value, upper: bool, unit: bool) -> Value:
    return g.triangular_solve(adjoint(a), ct, upper=not upper, unit=unit)


def _triangular_vjp_a(ct: Value, y: Value, a: Value, b: Value, upper: bool, unit: bool) -> Value:
    """-a^-H ct y^H, of which only the triangle that was read counts."""
    whole = g.neg(g.matmul(g.triangular_solve(adjoint(a), ct, upper=not upper, unit=unit), adjoint(y)))
    return _upper(whole, diagonal=not unit) if upper else lower(whole, diagonal=not unit)


_upper = upper  # the attribute of this operator has the function's name

op(
    "triangular_solve",
    "a b",
    rule=Rule("solve", name="linalg.solve_triangular"),
    attributes=(("upper", "bool"), ("unit", "bool")),
    forward=kernels.triangular_solve,
    vjps=(_triangular_vjp_a, _triangular_vjp_b),
    examples=(
        example((3, 3), (3, 2), upper=True, unit=False),
        example((3, 3), (3, 2), upper=False, unit=True),
        example((2, 1, 2, 2), (3, 2, 1), upper=False, unit=False),
        example((0, 0), (0, 2), upper=True, unit=True),
    ),
    flops=lambda inputs, outputs, attrs: outputs[0].size * inputs[0].shape[-1],
    doc="x with a x = b, where one triangle of a is read, the diagonal as ones where `unit`.",
    source=f"{_FUNCTIONS_MANUAL}, linalg_solve_triangular_backward",
)


def _matrix_exp_vjp(ct: Value, y: Value, x: Value) -> Value:
    """The upper right block of exp([[x^H, ct], [0, x^H]]).

    Source: Al-Mohy, Higham: Computing the Fréchet derivative of the matrix exponential (2009).
    """
    n = x.spec.shape[-1]
    if x.spec.size == 0:
        return ct
    turned, ndim = adjoint(x), x.spec.ndim
    above = g.concatenate(turned, ct, axis=ndim - 1)
    below = g.concatenate(g.zeros_like(turned), turned, axis=ndim - 1)
    whole = g.matrix_exp(g.concatenate(above, below, axis=ndim - 2))
    lead = x.spec.shape[:-2]
    return g.slice(
        whole,
        starts=(*(0 for _ in lead), 0, n),
        limits=(*lead, n, 2 * n),
        strides=(1,) * ndim,
    )


op(
    "matrix_exp",
    "x",
    rule=Rule("square_matrix", name="linalg.matrix_exp"),
    forward=kernels.matrix_exp,
    vjps=(_matrix_exp_vjp,),
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: 20 * inputs[0].size * inputs[0].shape[-1],
    doc="The exponential of square matrices.",
)
