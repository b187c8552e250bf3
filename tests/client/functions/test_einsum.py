from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close, fail_alike

DRAW = np.random.default_rng(11)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("i,i->", [(3,), (3,)]),
        ("i,j->ij", [(3,), (2,)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]),
        ("ijj->i", [(2, 3, 3)]),
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
        ("...i->...", [(2, 3)]),
        ("ij,kj,lj->ikl", [(2, 3), (4, 3), (5, 3)]),
        ("ab,cd,ef->fdb", [(1, 2), (3, 2), (2, 4)]),
        ("i...->...", [(2, 3, 4)]),
        ("aij,ajk,ka->", [(2, 3, 4), (2, 4, 5), (5, 2)]),
    ],
)
def test_it_is_numpys(equation: str, shapes: list[tuple[int, ...]]) -> None:
    arrays = [DRAW.standard_normal(shape) for shape in shapes]
    expected = np.einsum(equation, *arrays)
    close(tg.einsum(equation, *map(tg.tensor, arrays)), expected)
    close(tg.einsum(equation, [tg.tensor(a) for a in arrays]), expected)


def test_operands_come_with_lists_of_numbers() -> None:
    a, b = DRAW.standard_normal((2, 3)), DRAW.standard_normal((3, 4))
    close(tg.einsum(tg.tensor(a), [0, 1], tg.tensor(b), [1, 2], [0, 2]), a @ b)
    close(tg.einsum(tg.tensor(a), [Ellipsis, 1], [Ellipsis]), a.sum(1))


TORCH: dict[str, Case] = {
    "matrix product": lambda m, x, i: m.einsum("ij,kj->ik", x, x),
    "trace": lambda m, x, i: m.einsum("ii", x[:, :2]),
    "stretched": lambda m, x, i: m.einsum("ij,kj->ik", x[:, :1], x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=False)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: m.einsum("i", x),
        lambda m, x, i: m.einsum("ij,jk", x, x),
        lambda m, x, i: m.einsum("ij->k", x),
        lambda m, x, i: m.einsum("ij->ii", x),
        lambda m, x, i: m.einsum("ij", x, x),
        lambda m, x, i: m.einsum("ij,jk", x),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)
