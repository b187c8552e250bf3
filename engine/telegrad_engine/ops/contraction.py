"""Matrix products: what everything that sums over a shared dimension is composed of."""

from __future__ import annotations

from telegrad_engine.kernels import contraction as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto.ir import Value


def adjoint(x: Value) -> Value:
    """The conjugate transpose of the last two dimensions.

    Shape: (..., m, n) gives (..., n, m)
    """
    ndim = x.spec.ndim
    return g.conj(g.transpose(x, perm=(*range(ndim - 2), ndim - 1, ndim - 2)))


op(
    "matmul",
    "a b",
    rule=Rule("matmul"),
    forward=kernels.matmul,
    vjps=(
        lambda ct, y, a, b: g.matmul(ct, adjoint(b)),
        lambda ct, y, a, b: g.matmul(adjoint(a), ct),
    ),
    examples=(
        example((2, 3), (3, 4)),
        example((5, 1, 2, 3), (4, 3, 2)),
        example((2, 0), (0, 3)),
        example((0, 2, 3), (3, 1)),
        example((1, 1), (1, 1)),
    ),
    flops=lambda inputs, outputs, attrs: 2 * outputs[0].size * inputs[0].shape[-1],
    doc="Matrix products (..., m, k) x (..., k, n); leading dimensions broadcast.",
)
