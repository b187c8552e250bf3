from __future__ import annotations

import itertools

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike


def test_tensors_one_behind_the_other() -> None:
    x = tg.tensor(X)
    close(tg.cat([x, x], 1), np.concatenate([X, X], 1))
    close(tg.stack((x, x), 2), np.stack([X, X], 2))
    close(tg.hstack([x, x]), np.hstack([X, X]))
    close(tg.vstack([x, x]), np.vstack([X, X]))
    close(tg.dstack([x, x]), np.dstack([X, X]))
    close(tg.column_stack([tg.tensor([1.0, 2.0]), x]), np.column_stack([[1.0, 2.0], X]))


def test_types_are_promoted_and_empty_vectors_skipped() -> None:
    joined = tg.cat([tg.tensor([1]), tg.tensor([2.5]), tg.tensor([])])
    assert joined.dtype is tg.float32
    close(joined, [1.0, 2.5])


def test_grids() -> None:
    a, b = np.arange(2.0), np.arange(3.0)
    for indexing in ("ij", "xy"):
        expected = np.meshgrid(a, b, indexing=indexing)
        for mine, theirs in zip(
            tg.meshgrid(tg.tensor(a), tg.tensor(b), indexing=indexing), expected, strict=True
        ):
            close(mine, theirs)


def test_blocks_stand_on_the_diagonal() -> None:
    close(
        tg.block_diag(tg.ones(1, 2), tg.tensor(3.0), tg.tensor([4.0, 5.0])),
        [[1, 1, 0, 0, 0], [0, 0, 3, 0, 0], [0, 0, 0, 4, 5]],
    )


def test_combinations() -> None:
    v = tg.tensor([1.0, 2.0, 3.0])
    close(tg.combinations(v), list(itertools.combinations([1.0, 2.0, 3.0], 2)))
    close(tg.combinations(v, 2, True), list(itertools.combinations_with_replacement([1.0, 2.0, 3.0], 2)))
    close(tg.cartesian_prod(v, tg.tensor([0.0, 1.0])), list(itertools.product([1.0, 2.0, 3.0], [0.0, 1.0])))


def test_gradients_go_to_each_part() -> None:
    a, b = tg.ones(2, requires_grad=True), tg.ones(1, requires_grad=True)
    (tg.cat([a, b]) * tg.tensor([1.0, 2.0, 3.0])).sum().backward()
    close(a.grad, [1.0, 2.0])
    close(b.grad, [3.0])


TORCH: dict[str, Case] = {
    "cat": lambda m, x, i: m.cat([x, i[None]]),
    "stack": lambda m, x, i: m.stack([x, x * 2], 1),
    "hstack": lambda m, x, i: m.hstack([x, x]),
    "block_diag": lambda m, x, i: m.block_diag(x, x),
    "meshgrid": lambda m, x, i: m.meshgrid(x[0], x[1], indexing="ij"),
    "cartesian_prod": lambda m, x, i: m.cartesian_prod(x[0], x[1]),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: m.stack([x, x[:1]]),
        lambda m, x, i: m.cat([x, x[:, :2]]),
        lambda m, x, i: m.cat([m.tensor(1.0), x]),
        lambda m, x, i: m.stack([]),
        lambda m, x, i: m.meshgrid(x[0], i, indexing="ij"),
        lambda m, x, i: m.combinations(x),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)
