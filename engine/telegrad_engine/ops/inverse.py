"""Determinants and pseudo-inverses, with derivatives that singular matrices have too."""

from __future__ import annotations

from telegrad_engine.kernels import linalg as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.contraction import adjoint
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto import dtypes
from telegrad_proto.ir import Value

_FUNCTIONS_MANUAL = "PyTorch FunctionsManual.cpp"


def _as_matrix(x: Value) -> Value:
    """A number a matrix, to be stretched against it.

    Shape: (...) gives (..., 1, 1)
    """
    return g.reshape(x, (*x.spec.shape, 1, 1))


op(
    "det",
    "x",
    rule=Rule("determinant", name="linalg.det"),
    forward=kernels.det,
    vjps=(lambda ct, y, x: g.mul(_as_matrix(ct), g.conj(g.cofactor(x))),),
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: inputs[0].size * inputs[0].shape[-1],
    doc="The determinants of square matrices.",
    source=f"{_FUNCTIONS_MANUAL}, linalg_det_backward",
)


def _cofactor_vjp(ct: Value, y: Value, x: Value) -> Value:
    """(sum(conj(y) ct) conj(y) - conj(y) ct^T conj(y)) / conj(det x), from y = det(x) x^-T.

    Not finite where x is singular: there the limit would have to be taken.
    """
    ndim = x.spec.ndim
    fixed = g.conj(y)
    turned = g.transpose(ct, perm=(*range(ndim - 2), ndim - 1, ndim - 2))
    along = g.mul(g.sum(g.mul(fixed, ct), axes=(ndim - 2, ndim - 1), keepdims=True), fixed)
    across = g.matmul(g.matmul(fixed, turned), fixed)
    return g.div(g.sub(along, across), _as_matrix(g.conj(g.det(x))))


op(
    "cofactor",
    "x",
    rule=Rule("square_matrix", name="linalg.det"),
    forward=kernels.cofactor,
    vjps=(_cofactor_vjp,),
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: 3 * inputs[0].size * inputs[0].shape[-1],
    doc="The derivatives of the determinants of square matrices by their elements.",
)


def _pinv_vjp(ct: Value, y: Value, x: Value, atol: Value, rtol: Value, hermitian: bool) -> Value:
    """-(y k y)^H and the two parts of ct that lie beside x; exact as long as the rank stays.

    The products are taken so that the smaller of the two sizes is between them.
    """
    turned, y_h = adjoint(ct), adjoint(y)
    if x.spec.shape[-2] <= x.spec.shape[-1]:
        k = g.matmul(turned, y)
        through = g.matmul(k, y_h)
        beside = g.sub(through, g.matmul(g.matmul(x, y), through))
        other = g.matmul(g.matmul(y_h, y), g.sub(turned, g.matmul(k, x)))
        return g.sub(g.add(beside, other), adjoint(g.matmul(y, k)))
    k = g.matmul(y, turned)
    through = g.matmul(y_h, k)
    beside = g.sub(through, g.matmul(g.matmul(through, y), x))
    other = g.matmul(g.matmul(g.sub(turned, g.matmul(x, k)), y), y_h)
    return g.sub(g.add(beside, other), adjoint(g.matmul(k, y)))


op(
    "pinv",
    "x atol rtol",
    rule=Rule("pinv", name="linalg.pinv"),
    attributes=(("hermitian", "bool"),),
    forward=kernels.pinv,
    vjps=(_pinv_vjp, None, None),
    examples=(
        example((3, 3), ((), dtypes.float32), ((), dtypes.float32), hermitian=False),
        example((2, 4, 2), (2,), ((), dtypes.float32), hermitian=False),
        example((2, 3), ((), dtypes.float32), ((), dtypes.float32), hermitian=False),
        example((0, 2), ((), dtypes.float32), ((), dtypes.float32), hermitian=False),
    ),
    flops=lambda inputs, outputs, attrs: 16 * inputs[0].size * min(inputs[0].shape[-2:]),
    doc="Pseudo-inverses; singular values up to atol, or up to rtol times the largest, count as 0.",
    domain=(-2.0, -0.1),  # no tolerance: tests keep the rank
    source=f"{_FUNCTIONS_MANUAL}, pinv_backward",
)
