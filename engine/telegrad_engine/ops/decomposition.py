"""Matrix decompositions. Derivatives are finite where they are smooth: distinct eigenvalues, full rank."""

from __future__ import annotations

from telegrad_engine.kernels import linalg as kernels
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.contraction import adjoint
from telegrad_engine.ops.equations import lower, positions, upper
from telegrad_engine.ops.record import Rule, example, op
from telegrad_proto.errors import GradientError
from telegrad_proto.ir import Value

_FUNCTIONS_MANUAL = "PyTorch FunctionsManual.cpp"

Pair = tuple[Value, Value]
Triple = tuple[Value, Value, Value]
CtPair = tuple[Value | None, Value | None]
CtTriple = tuple[Value | None, Value | None, Value | None]


def _columns(x: Value) -> Value:
    """A vector as a row: what it multiplies, it multiplies column by column.

    Shape: (..., n) gives (..., 1, n)
    """
    return g.reshape(x, (*x.spec.shape[:-1], 1, x.spec.shape[-1]))


def _rows(x: Value) -> Value:
    """A vector as a column: what it multiplies, it multiplies row by row.

    Shape: (..., n) gives (..., n, 1)
    """
    return g.reshape(x, (*x.spec.shape, 1))


def _on_diagonal(matrix: Value, vector: Value) -> Value:
    """A square matrix with its diagonal replaced.

    Shape: (..., n, n) and (..., n) give (..., n, n)
    """
    n = matrix.spec.shape[-1]
    row, column = positions(n, n)
    return g.where(g.eq(row, column), _columns(g.cast(vector, matrix.spec.dtype)), matrix)


def _zero_like_square(x: Value, n: int) -> Value:
    return g.full(0, (*x.spec.shape[:-2], n, n), x.spec.dtype)


def _gaps(values: Value) -> Value:
    """values[j] - values[i] at (i, j), and 1 on the diagonal.

    Shape: (..., n) gives (..., n, n)
    """
    gap = g.sub(_columns(values), _rows(values))
    return _on_diagonal(gap, g.ones_like(values))


def _times_inverse_adjoint(x: Value, triangle: Value, *, is_upper: bool) -> Value:
    """x triangle^-H."""
    return adjoint(g.triangular_solve(triangle, adjoint(x), upper=is_upper, unit=False))


def _cholesky_vjp(ct: Value, y: Value, x: Value) -> Value:
    """L^-H S L^-1 with S half of the Hermitian matrix whose lower triangle is that of L^H ct."""
    triangle = lower(g.matmul(adjoint(y), ct))
    hermitian = g.mul(g.add(triangle, adjoint(lower(triangle, diagonal=False))), 0.5)
    left = g.triangular_solve(adjoint(y), hermitian, upper=True, unit=False)
    return adjoint(g.triangular_solve(adjoint(y), adjoint(left), upper=True, unit=False))


op(
    "cholesky",
    "x",
    rule=Rule("square_matrix", name="linalg.cholesky"),
    forward=kernels.cholesky,
    vjps=(_cholesky_vjp,),
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: inputs[0].size * inputs[0].shape[-1] / 3,
    doc="The lower triangular factor L of L L^H, read from the lower triangle.",
    source=f"{_FUNCTIONS_MANUAL}, cholesky_backward",
)


op(
    "cholesky_order",
    "x",
    rule=Rule("determinant", name="linalg.cholesky_ex"),
    forward=kernels.cholesky_order,
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: inputs[0].size * inputs[0].shape[-1] / 3,
    doc="The order of the first leading minor that is not positive definite; 0 where all of them are.",
)


def _qr_tall(ct_q: Value | None, ct_r: Value | None, q: Value, r: Value) -> Value | None:
    """[ct_q + q H(ct_r r^H - q^H ct_q)] r^-H of a square r; H(X) is Hermitian with X's upper triangle."""
    inner = None
    if ct_r is not None:
        inner = g.matmul(ct_r, adjoint(r))
    if ct_q is not None:
        turned = g.matmul(adjoint(q), ct_q)
        inner = g.neg(turned) if inner is None else g.sub(inner, turned)
    if inner is None:
        return None
    above = upper(inner, diagonal=False)
    hermitian = g.add(g.add(above, adjoint(above)), _real_diagonal(inner))
    whole = g.matmul(q, hermitian)
    if ct_q is not None:
        whole = g.add(whole, ct_q)
    return _times_inverse_adjoint(whole, r, is_upper=True)


def _real_diagonal(x: Value) -> Value:
    row, column = positions(*x.spec.shape[-2:])
    return g.where(g.eq(row, column), g.cast(g.real(x), x.spec.dtype), 0.0)


def _part(x: Value, first: int, last: int, *, axis: int) -> Value:
    """The rows (axis -2) or the columns (axis -1) from `first` to before `last`."""
    shape = x.spec.shape
    at = x.spec.ndim + axis
    return g.slice(
        x,
        starts=tuple(first if i == at else 0 for i in range(len(shape))),
        limits=tuple(last if i == at else dim for i, dim in enumerate(shape)),
        strides=(1,) * len(shape),
    )


def _qr_vjp(cts: CtPair, ys: Pair, x: Value, complete: bool) -> Value | None:
    """Of a wide x the left square decides q, and the rest is r2 = q^H x2: its share goes to q and to x2.

    Raises:
        GradientError: a complete q of a tall x, whose last columns are any that fit.
    """
    (ct_q, ct_r), (q, r) = cts, ys
    m, n = x.spec.shape[-2:]
    if complete and m > n:
        raise GradientError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols",
            shape=x.spec.shape,
        )
    if m >= n:
        return _qr_tall(ct_q, ct_r, q, r)
    r1 = _part(r, 0, m, axis=-1)
    if ct_r is None:
        ct_x1 = _qr_tall(ct_q, None, q, r1)
        assert ct_x1 is not None
        return g.concatenate(ct_x1, g.zeros_like(_part(x, m, n, axis=-1)), axis=x.spec.ndim - 1)
    ct_r1, ct_r2 = _part(ct_r, 0, m, axis=-1), _part(ct_r, m, n, axis=-1)
    x2 = g.matmul(q, _part(r, m, n, axis=-1))
    through = g.matmul(x2, adjoint(ct_r2))
    ct_x1 = _qr_tall(through if ct_q is None else g.add(ct_q, through), ct_r1, q, r1)
    assert ct_x1 is not None
    return g.concatenate(ct_x1, g.matmul(q, ct_r2), axis=x.spec.ndim - 1)


op(
    "qr",
    "x",
    rule=Rule("qr", name="linalg.qr"),
    attributes=(("complete", "bool"),),
    outputs=2,
    forward=kernels.qr,
    vjps=(_qr_vjp,),
    examples=(
        example((4, 3), complete=False),
        example((2, 3, 3), complete=True),
        example((2, 4), complete=False),
        example((0, 3), complete=False),
    ),
    flops=lambda inputs, outputs, attrs: 2 * inputs[0].size * min(inputs[0].shape[-2:]),
    doc="Orthonormal q and upper triangular r with x = q r.",
    source=f"{_FUNCTIONS_MANUAL}, linalg_qr_backward",
)


def _svd_vjp(cts: CtTriple, ys: Triple, x: Value, full: bool) -> Value | None:
    """U [(skew(U^H gU) S + S skew(V^H gV)) / E + diag(gS)] V^H, and what of gU, gV lies outside of U, V.

    E[i, j] = s[j]^2 - s[i]^2, skew(A) = A - A^H. Vectors past the first min(m, n), which others could
    replace, get no gradient.
    """
    (ct_u, ct_s, ct_vh), (u, s, vh) = cts, ys
    m, n = x.spec.shape[-2:]
    k = min(m, n)
    if full:
        u, vh = _part(u, 0, k, axis=-1), _part(vh, 0, k, axis=-2)
        ct_u = None if ct_u is None else _part(ct_u, 0, k, axis=-1)
        ct_vh = None if ct_vh is None else _part(ct_vh, 0, k, axis=-2)
    wide_s = g.cast(s, x.spec.dtype)
    if ct_u is None and ct_vh is None:
        return None if ct_s is None else g.matmul(g.mul(u, _columns(g.cast(ct_s, x.spec.dtype))), vh)
    gaps = g.cast(_gaps(g.mul(s, s)), x.spec.dtype)
    inner = _zero_like_square(x, k)
    diagonal = g.zeros_like(s) if ct_s is None else ct_s
    phase = None
    if ct_u is not None:
        skew = _skew(g.matmul(adjoint(u), ct_u))
        inner = g.add(inner, g.mul(g.div(skew, gaps), _columns(wide_s)))
        phase = skew
    if ct_vh is not None:
        skew = _skew(g.matmul(vh, adjoint(ct_vh)))
        inner = g.add(inner, g.mul(_rows(wide_s), g.div(skew, gaps)))
    inner = _on_diagonal(inner, g.zeros_like(s))
    if phase is not None and x.spec.dtype.is_complex:
        # The turn of a pair of singular vectors by a common phase; only U's share is free to be counted.
        inner = g.add(inner, _on_diagonal(_zero_like_square(x, k), _halved(phase, wide_s)))
    inner = g.add(inner, _on_diagonal(_zero_like_square(x, k), diagonal))
    if ct_u is not None and m > k:
        beside = g.div(ct_u, _columns(wide_s))
        left = g.add(g.matmul(u, inner), g.sub(beside, g.matmul(u, g.matmul(adjoint(u), beside))))
        return g.matmul(left, vh)
    if ct_vh is not None and n > k:
        beside = g.div(ct_vh, _rows(wide_s))
        right = g.add(g.matmul(inner, vh), g.sub(beside, g.matmul(g.matmul(beside, adjoint(vh)), vh)))
        return g.matmul(u, right)
    return g.matmul(g.matmul(u, inner), vh)


def _skew(x: Value) -> Value:
    return g.sub(x, adjoint(x))


def _halved(matrix: Value, s: Value) -> Value:
    """The diagonal of a square matrix over 2 s.

    Shape: (..., k, k) and (..., k) give (..., k)
    """
    row, column = positions(*matrix.spec.shape[-2:])
    diagonal = g.sum(g.where(g.eq(row, column), matrix, 0.0), axes=(matrix.spec.ndim - 1,), keepdims=False)
    return g.div(diagonal, g.mul(s, 2.0))


op(
    "svd",
    "x",
    rule=Rule("svd", name="linalg.svd"),
    attributes=(("full", "bool"),),
    outputs=3,
    forward=kernels.svd,
    vjps=(_svd_vjp,),
    examples=(
        example((3, 3), full=False),
        example((2, 4, 2), full=False),
        example((2, 3), full=True),
        example((0, 2), full=False),
    ),
    flops=lambda inputs, outputs, attrs: 14 * inputs[0].size * min(inputs[0].shape[-2:]),
    doc="Singular values s, largest first, with x = u diag(s) vh.",
    source=f"{_FUNCTIONS_MANUAL}, svd_backward",
)


def _eigh_vjp(cts: CtPair, ys: Pair, x: Value) -> Value | None:
    """V [diag(gw) + skew(V^H gV) / 2 / E] V^H with E[i, j] = w[j] - w[i]."""
    (ct_w, ct_v), (w, v) = cts, ys
    if ct_v is None:
        return None if ct_w is None else g.matmul(g.mul(v, _columns(g.cast(ct_w, x.spec.dtype))), adjoint(v))
    inner = g.div(g.mul(_skew(g.matmul(adjoint(v), ct_v)), 0.5), g.cast(_gaps(w), x.spec.dtype))
    inner = _on_diagonal(inner, g.zeros_like(w) if ct_w is None else ct_w)
    return g.matmul(g.matmul(v, inner), adjoint(v))


op(
    "eigh",
    "x",
    rule=Rule("eigh", name="linalg.eigh"),
    outputs=2,
    forward=kernels.eigh,
    vjps=(_eigh_vjp,),
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: 9 * inputs[0].size * inputs[0].shape[-1],
    doc="Eigenvalues, increasing, and eigenvectors of Hermitian matrices, read from the lower triangle.",
    source=f"{_FUNCTIONS_MANUAL}, linalg_eig_backward",
)


def _eig_vjp(cts: CtPair, ys: Pair, x: Value) -> Value | None:
    """V^-H [diag(gw) + (V^H gV - V^H V diag(re(V^H gV))) / conj(E)] V^H with E[i, j] = w[j] - w[i]."""
    (ct_w, ct_v), (w, v) = cts, ys
    if ct_w is None and ct_v is None:
        return None
    n = x.spec.shape[-1]
    if ct_v is None:
        inner = _zero_like_square(v, n)
    else:
        turned = g.matmul(adjoint(v), ct_v)
        # The columns of v have length 1: what would change that is taken out.
        along = g.sum(_real_diagonal(turned), axes=(v.spec.ndim - 2,), keepdims=True)
        inner = g.sub(turned, g.matmul(adjoint(v), g.mul(v, along)))
        inner = g.div(inner, g.conj(_gaps(w)))
    inner = _on_diagonal(inner, g.zeros_like(w) if ct_w is None else ct_w)
    whole = g.solve(adjoint(v), g.matmul(inner, adjoint(v)))
    return whole if x.spec.dtype.is_complex else g.real(whole)


op(
    "eig",
    "x",
    rule=Rule("eig", name="linalg.eig"),
    outputs=2,
    forward=kernels.eig,
    vjps=(_eig_vjp,),
    examples=(example((3, 3)), example((2, 2, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: 25 * inputs[0].size * inputs[0].shape[-1],
    doc="Complex eigenvalues, and eigenvectors of length 1.",
    source=f"{_FUNCTIONS_MANUAL}, linalg_eig_backward",
)


def _lu_vjp(cts: CtPair, ys: Pair, x: Value) -> Value | None:
    """P L^-H [(L^H gL) below the diagonal + (gU U^H) on and above it] U^-H.

    What of a wide or a tall matrix lies beside its square follows from L or U, and sends its share there.
    """
    (ct, _), (factors, perm) = cts, ys
    if ct is None:
        return None
    m, n = x.spec.shape[-2:]
    k = min(m, n)
    square = _part(_part(factors, 0, k, axis=-1), 0, k, axis=-2)
    ct_square = _part(_part(ct, 0, k, axis=-1), 0, k, axis=-2)
    ct_l, ct_u = lower(ct_square, diagonal=False), upper(ct_square)
    row, column = positions(k, k)
    unit_l = g.where(g.eq(row, column), 1.0, lower(square, diagonal=False))
    below = g.matmul(adjoint(unit_l), ct_l)
    above = g.matmul(ct_u, adjoint(upper(square)))
    if n > k:
        ct_u2 = _part(ct, k, n, axis=-1)
        below = g.sub(below, g.matmul(ct_u2, adjoint(_part(factors, k, n, axis=-1))))
    if m > k:
        ct_l2 = _part(ct, k, m, axis=-2)
        above = g.sub(above, g.matmul(adjoint(_part(factors, k, m, axis=-2)), ct_l2))
    inner = g.add(lower(below, diagonal=False), upper(above))
    left = g.triangular_solve(adjoint(square), inner, upper=True, unit=True)
    whole = _times_inverse_adjoint(left, square, is_upper=True)
    if n > k:
        beside = g.triangular_solve(adjoint(square), _part(ct, k, n, axis=-1), upper=True, unit=True)
        whole = g.concatenate(whole, beside, axis=x.spec.ndim - 1)
    if m > k:
        beneath = _times_inverse_adjoint(_part(ct, k, m, axis=-2), square, is_upper=True)
        whole = g.concatenate(whole, beneath, axis=x.spec.ndim - 2)
    places = g.broadcast_to(_rows(perm), x.spec.shape)
    return g.scatter(g.zeros_like(x), places, whole, axis=x.spec.ndim - 2)


op(
    "lu",
    "x",
    rule=Rule("lu", name="linalg.lu_factor"),
    outputs=2,
    forward=kernels.lu,
    vjps=(_lu_vjp,),
    examples=(example((3, 3)), example((2, 2, 4)), example((4, 2)), example((0, 0)), example((1, 1))),
    flops=lambda inputs, outputs, attrs: inputs[0].size * min(inputs[0].shape[-2:]),
    doc="Both triangular factors in one matrix, and the row permutation p with x[p] = L U.",
    source=f"{_FUNCTIONS_MANUAL}, lu_factor_ex_backward",
)
