"""Directional derivatives, Jacobians column by column, Hessians."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.func import grad, hessian, jacfwd, jacrev, jvp, linearize, vmap


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(2, 3)))


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-11, atol=1e-13)


def function(x: Any) -> Any:
    return (x.sin() @ x.T).cumsum(0)


def test_a_direction(x: Any) -> None:
    output, moved = jvp(function, (x,), (x * 2,))
    same(output, function(x))
    same(moved, (jacrev(function)(x) * (2 * x)).sum((-2, -1)))
    assert not output.requires_grad
    assert not moved.requires_grad
    output, moved, aux = jvp(lambda a, b: ({"y": a * b}, 1), (x, x), (x, 0 * x), has_aux=True)
    same(moved["y"], x * x)
    assert aux == 1
    same(
        vmap(lambda v: jvp(function, (x,), (v,))[1])(tg.stack([x, 2 * x])),
        jvp(function, (x,), (x,))[1] * tg.tensor([1.0, 2.0], dtype=tg.float64)[:, None, None],
    )


def test_complex_directions(x: Any) -> None:
    z = tg.complex(x, x.flip(0))
    _, moved = jvp(lambda z: z * z.conj() * z, (z,), (1j * z,))
    same(moved, 1j * z * z.abs() ** 2)


def test_of_a_direction(x: Any) -> None:
    same(grad(lambda x: jvp(tg.sin, (x,), (tg.ones_like(x),))[1].sum())(x), -x.sin())
    ones = tg.ones_like(x)
    same(jvp(lambda x: jvp(tg.sin, (x,), (ones,))[1], (x,), (ones,))[1], -x.sin())


def test_a_linear_function(x: Any) -> None:
    output, push = linearize(function, x)
    same(output, function(x))
    for scale in (1.0, 2.0):
        same(push(scale * x), jvp(function, (x,), (scale * x,))[1])


def test_columns_are_rows(x: Any) -> None:
    same(jacfwd(function)(x), jacrev(function)(x))
    same(jacfwd(function, chunk_size=4)(x), jacrev(function)(x))
    found = jacfwd(lambda a, b: {"s": a.sum(), "p": (a * b,)}, argnums=(0, 1))(x, 2 * x)
    wanted = jacrev(lambda a, b: {"s": a.sum(), "p": (a * b,)}, argnums=(0, 1))(x, 2 * x)
    for i in range(2):
        same(found["s"][i], wanted["s"][i])
        same(found["p"][0][i], wanted["p"][0][i])
    assert jacfwd(lambda a: (a, 7), has_aux=True)(x)[1] == 7
    same(vmap(jacfwd(lambda r: r.sin() * r.sum()))(x), vmap(jacrev(lambda r: r.sin() * r.sum()))(x))
    same(jacfwd(lambda x: tg.ones(2))(x), tg.zeros(2, 2, 3))


def test_second_derivatives(x: Any) -> None:
    def scalar(x: Any) -> Any:
        return (x.sin() @ x.T).prod()

    wanted = jacrev(jacrev(scalar))(x)
    same(hessian(scalar)(x), wanted)
    same(jacrev(jacfwd(scalar))(x), wanted)
    same(jacfwd(jacfwd(scalar))(x), wanted)
    rows = vmap(hessian(lambda r: r.sin().prod()))(x)
    same(rows, tg.stack([hessian(lambda r: r.sin().prod())(r) for r in x]))
    both = hessian(lambda a, b: (a * b).sum(), argnums=(0, 1))(x[0], x[1])
    same(both[0][1], tg.eye(3, dtype=tg.float64))
    same(both[1][1], tg.zeros(3, 3, dtype=tg.float64))


def test_what_cannot_be(x: Any) -> None:
    with pytest.raises(RuntimeError, match="Expected primals to be a tuple"):
        jvp(function, x, (x,))
    with pytest.raises(RuntimeError, match="same python structure"):
        jvp(function, (x,), (x, x))
    with pytest.raises(RuntimeError, match="to only contain Tensors"):
        jvp(function, (x,), (1.0,))
    with pytest.raises(RuntimeError, match="at least one Tensor"):
        jvp(function, (), ())
    with pytest.raises(RuntimeError, match="a tangent has its primal's shape"):
        jvp(function, (x,), (x[0],))
    with pytest.raises(RuntimeError, match="independent of the inputs"):
        jvp(lambda x: tg.ones(2), (x,), (x,), strict=True)


def test_integers_go_nowhere(x: Any) -> None:
    (output, large, rounded), moved = jvp(lambda x: (x * x, x > 0, x.to(tg.int64)), (x,), (x,))
    same(moved[0], 2 * x * x)
    assert (large.dtype, rounded.dtype) == (tg.bool, tg.int64)
    assert [(m.dtype, m.shape, bool(m.any())) for m in moved[1:]] == [
        (tg.bool, x.shape, False),
        (tg.int64, x.shape, False),
    ]
    same(output, x * x)
    slope, none = jacfwd(lambda x: (x[0] * 2, x > 0))(x)
    assert slope.shape == (3, 2, 3)
    assert (none.dtype, none.shape, bool(none.any())) == (tg.bool, (2, 3, 2, 3), False)
    assert linearize(lambda x: x > 0, x)[1](x).dtype is tg.bool


def test_integers_have_no_directions(x: Any) -> None:
    whole = tg.arange(3)
    for refused in (
        lambda: jvp(lambda i: i * 2.0, (whole,), (whole,)),
        lambda: jacfwd(lambda i: i * 2.0)(whole),
        lambda: hessian(lambda i: (i * 2.0).sum())(whole),
    ):
        with pytest.raises(ValueError, match="Expected primal to be floating point or complex, but got"):
            refused()
    with pytest.raises(ValueError, match="Expected tangent to be floating point"):
        jvp(lambda x: x * 2, (x,), (x > 0,))
