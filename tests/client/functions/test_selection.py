from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, I, X, agree, close, fail_alike


def test_reading_by_index() -> None:
    x, i = tg.tensor(X), tg.tensor(I)
    close(tg.gather(x, 1, i.expand(2, 3)), X[:, I])
    close(tg.index_select(x, 1, i), X[:, I])
    close(tg.take(x, tg.tensor([[0, 5], [-1, 1]])), X.ravel()[[[0, 5], [-1, 1]]])
    close(tg.take_along_dim(x, tg.argsort(x, 1), 1), np.sort(X, 1))


def test_writing_by_index() -> None:
    x = tg.zeros(3)
    close(x.index_fill(0, tg.tensor([0, 2]), 5.0), [5.0, 0.0, 5.0])
    close(x.index_add(0, tg.tensor([1, 1]), tg.tensor([1.0, 2.0]), alpha=2), [0.0, 6.0, 0.0])
    close(x.index_copy(0, tg.tensor([2]), tg.tensor([7.0])), [0.0, 0.0, 7.0])
    close(x.put(tg.tensor([0]), tg.tensor([1.0])), [1.0, 0.0, 0.0])
    close(x.index_put((tg.tensor([1]),), tg.tensor(4.0)), [0.0, 4.0, 0.0])
    close(x, [0.0, 0.0, 0.0])


def test_an_index_that_stands_twice_counts_once_in_the_fill_value() -> None:
    value = tg.tensor(2.0, requires_grad=True)
    tg.zeros(3).index_fill(0, tg.tensor([1, 1]), value).sum().backward()
    close(value.grad, 1.0)


def test_masks() -> None:
    x = tg.tensor(X)
    mask = x > 0
    close(x.masked_fill(mask, -1.0), np.where(X > 0, -1, X))
    close(tg.masked_select(x, mask), X[X > 0])
    source = np.arange(6.0, dtype=np.float32)
    expected = X.copy()
    expected[X > 0] = source[: (X > 0).sum()]
    close(x.masked_scatter(mask, tg.tensor(source)), expected)
    close(tg.where(mask, x, 0.0), np.where(X > 0, X, 0))
    close(x.where(mask, 0.0), np.where(X > 0, X, 0))


def test_places_that_are_not_zero() -> None:
    close(tg.nonzero(tg.tensor(X)), np.argwhere(X))
    rows, columns = tg.nonzero(tg.tensor(X), as_tuple=True)
    close(rows, np.nonzero(X)[0])
    close(columns, np.nonzero(X)[1])


def test_searching_sorted_edges() -> None:
    edges, points = [1.0, 2.0, 3.0], [0.0, 2.0, 9.0]
    close(tg.searchsorted(tg.tensor(edges), tg.tensor(points)), np.searchsorted(edges, points))
    close(
        tg.bucketize(tg.tensor(points), tg.tensor(edges), right=True), np.searchsorted(edges, points, "right")
    )


def test_an_index_outside_is_noticed_when_it_is_looked_up() -> None:
    with pytest.raises(IndexError, match="7 is out of bounds for dimension 0 with size 3"):
        tg.index_select(tg.zeros(3), 0, tg.tensor([7])).numpy()


TORCH: dict[str, Case] = {
    "gather": lambda m, x, i: x.gather(1, i.expand(2, 3)),
    "take_along_dim": lambda m, x, i: m.take_along_dim(x, i[None], 1),
    "take": lambda m, x, i: m.take(x, i),
    "index_select": lambda m, x, i: x.index_select(1, i),
    "index_add": lambda m, x, i: x.index_add(1, i, x),
    "index_fill": lambda m, x, i: x.index_fill(1, i[:2], 3.0),
    "masked_fill": lambda m, x, i: x.masked_fill(x > 0, 2.0),
    "masked_select": lambda m, x, i: x.masked_select(x > 0),
    "masked_scatter": lambda m, x, i: x.masked_scatter(x > 0, x * 2),
    "where": lambda m, x, i: m.where(x > 0, x, x * 2),
    "where number": lambda m, x, i: m.where(x > 0, 1, x),
    "index_put": lambda m, x, i: x.index_put((i[1:],), x[0], accumulate=True),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: x.gather(0, x),
        lambda m, x, i: x.masked_fill(i, 1.0),
        lambda m, x, i: x.masked_fill(x > 0, m.ones(2)),
        lambda m, x, i: m.take_along_dim(x, i, 0),
        lambda m, x, i: x.index_fill(0, i, m.ones(2)),
        lambda m, x, i: x.index_fill(0, i > 0, 1j),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, i: x.index_select(0, i),
        lambda x, i: x.index_add(0, i, tg.ones(1, 2)),
        lambda x, i: x.index_copy(0, i, tg.ones(1, 2)),
        lambda x, i: x.index_reduce(0, i, tg.ones(1, 2), "prod"),
        lambda x, i: tg.nn.functional.embedding(i, x),
    ],
)
def test_these_count_from_the_front_only(call: Callable[[tg.Tensor, tg.Tensor], tg.Tensor]) -> None:
    x = tg.ones(3, 2)
    assert call(x, tg.tensor([2])).shape[-1] == 2
    for wrong in (-1, 3):
        with pytest.raises(IndexError, match=f"index {wrong} is out of bounds for dimension 0 with size 3"):
            call(x, tg.tensor([wrong])).tolist()
