from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close, fail_alike

DRAW = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return DRAW.standard_normal(shape)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (5, 3, 1)),
        ((4, 1, 2, 3), (5, 3, 2)),
        ((2, 4, 3), (3,)),
    ],
    ids=str,
)
def test_matmul_is_numpys(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = normal(*a), normal(*b)
    close(tg.matmul(tg.tensor(x), tg.tensor(y)), x @ y)
    close(tg.linalg.matmul(tg.tensor(x), tg.tensor(y)), x @ y)


def test_products_of_vectors_and_matrices() -> None:
    u, v, m, n = normal(3), normal(3), normal(2, 3), normal(3, 4)
    close(tg.dot(tg.tensor(u), tg.tensor(v)), u @ v)
    close(tg.outer(tg.tensor(u), tg.tensor(v)), np.outer(u, v))
    close(tg.mv(tg.tensor(m), tg.tensor(v)), m @ v)
    close(tg.mm(tg.tensor(m), tg.tensor(n)), m @ n)
    close(tg.inner(tg.tensor(m), tg.tensor(v)), np.inner(m, v))
    close(tg.kron(tg.tensor(m), tg.tensor(n)), np.kron(m, n))
    close(tg.cross(tg.tensor(u), tg.tensor(v), dim=0), np.cross(u, v))


def test_sums_with_products() -> None:
    base, m, n, v = normal(2, 4), normal(2, 3), normal(3, 4), normal(3)
    close(tg.addmm(tg.tensor(base), tg.tensor(m), tg.tensor(n), beta=0.5, alpha=2), 0.5 * base + 2 * m @ n)
    close(tg.addmv(tg.tensor(base[:, 0]), tg.tensor(m), tg.tensor(v)), base[:, 0] + m @ v)
    batch, other = normal(5, 2, 3), normal(5, 3, 4)
    close(tg.bmm(tg.tensor(batch), tg.tensor(other)), batch @ other)
    close(tg.addbmm(tg.tensor(base), tg.tensor(batch), tg.tensor(other)), base + (batch @ other).sum(0))


def test_a_base_that_counts_nothing_may_be_nan() -> None:
    base = tg.full((2, 2), float("nan"), requires_grad=True)
    out = tg.addmm(base, tg.ones(2, 2), tg.ones(2, 2), beta=0)
    close(out, np.full((2, 2), 2.0))
    out.sum().backward()
    assert base.grad is not None


@pytest.mark.parametrize("dims", [1, 2, ([1], [0]), ([0, 2], [1, 0])], ids=str)
def test_tensordot_is_numpys(dims: int | tuple[list[int], list[int]]) -> None:
    if dims == ([0, 2], [1, 0]):
        x, y = normal(2, 3, 4), normal(4, 2, 5)
    elif dims == ([1], [0]):
        x, y = normal(2, 3, 4), normal(3, 5)
    else:
        x, y = normal(2, 3, 4), (normal(4, 5) if dims == 1 else normal(3, 4, 5))
    close(tg.tensordot(tg.tensor(x), tg.tensor(y), dims), np.tensordot(x, y, dims))


TORCH: dict[str, Case] = {
    "dot": lambda m, x, i: m.dot(x[0], x[1]),
    "mv": lambda m, x, i: x @ x[0],
    "mm": lambda m, x, i: x @ x.t(),
    "batched": lambda m, x, i: m.matmul(x.expand(2, 2, 3), x.t().expand(2, 3, 2)),
    "vector first": lambda m, x, i: x[:, 0] @ x,
    "outer": lambda m, x, i: m.outer(x[0], x[1]),
    "addmm": lambda m, x, i: m.addmm(x[:, :2], x, x.t()),
    "baddbmm": lambda m, x, i: m.baddbmm(x[None, :, :2], x[None], x.t()[None], beta=2, alpha=0.5),
    "addr": lambda m, x, i: m.addr(x, x[:, 0], x[0]),
    "cross": lambda m, x, i: m.cross(x, x * x, dim=1),
    "tensordot": lambda m, x, i: m.tensordot(x, x, ([0, 1], [0, 1])),
    "inner of numbers": lambda m, x, i: m.inner(x[0, 0], x),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", TORCH)
def test_it_is_torchs(name: str) -> None:
    agree(TORCH[name], names=name not in ("tensordot", "batched"))


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: x @ x,
        lambda m, x, i: x @ m.ones(2),
        lambda m, x, i: m.ones(2) @ m.ones(3, 2),
        lambda m, x, i: m.dot(x[0], m.ones(2)),
        lambda m, x, i: m.dot(x, x),
        lambda m, x, i: m.dot(x[0], i),
        lambda m, x, i: m.mm(x, i),
        lambda m, x, i: m.mv(x, x),
        lambda m, x, i: m.bmm(x, x),
        lambda m, x, i: m.ones(5, 2, 3) @ m.ones(5, 2, 3),
        lambda m, x, i: m.ones(5, 2, 3) @ m.ones(4, 3, 3),
        lambda m, x, i: m.tensor(1.0) @ x,
        lambda m, x, i: m.outer(x, x),
        lambda m, x, i: m.inner(x, m.ones(2)),
        lambda m, x, i: m.addmm(x, x, x.t()),
        lambda m, x, i: m.tensordot(x, x, 1),
        lambda m, x, i: m.cross(m.ones(2), m.ones(2), dim=0),
        lambda m, x, i: x @ x.t().double(),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


def test_addr_of_integers_takes_no_fraction() -> None:
    x, v = tg.ones(2, 2, dtype=tg.int64), tg.ones(2, dtype=tg.int64)
    assert tg.addr(x, v, v, beta=2).tolist() == [[3, 3], [3, 3]]
    with pytest.raises(RuntimeError, match=r"beta must not be a floating point number, got 0\.5"):
        tg.addr(x, v, v, beta=0.5)


def test_vectors_of_two_types_have_no_product() -> None:
    with pytest.raises(RuntimeError, match="expected scalar type Byte but found Char"):
        tg.cross(tg.ones(3, dtype=tg.uint8), tg.ones(3, dtype=tg.int8), dim=0)
