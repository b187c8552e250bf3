"""Rows of a table, one by one or in bags."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
TABLE = np.random.default_rng(23).standard_normal((5, 3))
INDEX = np.array([[0, 2], [2, 4]])
LINE = np.array([0, 2, 2, 4, 1])


def test_rows() -> None:
    close(F.embedding(tg.tensor(INDEX), tg.tensor(TABLE)), TABLE[INDEX])
    table = tg.tensor(TABLE)
    close(F.embedding_bag(tg.tensor(INDEX), table, mode="sum"), TABLE[INDEX].sum(1))
    close(F.embedding_bag(tg.tensor(INDEX), table, mode="max"), TABLE[INDEX].max(1))
    bags = F.embedding_bag(tg.tensor(LINE), table, tg.tensor([0, 2, 2]))
    close(bags, [TABLE[[0, 2]].mean(0), np.zeros(3), TABLE[[2, 4, 1]].mean(0)])


def test_the_table_may_come_first() -> None:
    close(F.embedding(tg.tensor(TABLE), tg.tensor(INDEX)), TABLE[INDEX])
    close(F.embedding_bag(tg.tensor(TABLE), tg.tensor(INDEX), mode="sum"), TABLE[INDEX].sum(1))


def test_long_rows_are_scaled_down_in_the_table() -> None:
    table = tg.tensor([[3.0, 4.0], [3.0, 4.0], [0.3, 0.4]], requires_grad=True)
    made = F.embedding(tg.tensor([0, 2]), table, max_norm=1.0)
    close(made, [[0.6, 0.8], [0.3, 0.4]])
    close(table, [[0.6, 0.8], [3.0, 4.0], [0.3, 0.4]])


def test_a_matrix_of_indices_needs_no_offsets() -> None:
    with pytest.raises(ValueError, match="if input is 2D, then offsets has to be None"):
        F.embedding_bag(tg.tensor(INDEX), tg.tensor(TABLE), tg.tensor([0]))


def test_an_index_that_there_is_not() -> None:
    with pytest.raises(IndexError):
        F.embedding(tg.tensor([7]), tg.tensor(TABLE)).tolist()


def bag(offsets: list[int], **options: object) -> Case:
    def case(t: Tensors) -> object:
        return t.F.embedding_bag(t.data(LINE), t.leaf(5, 3), t.data(offsets), **options)

    return case


TORCH: dict[str, Case] = {
    "rows": lambda t: t.F.embedding(t.data(INDEX), t.leaf(5, 3)),
    "padding": lambda t: t.F.embedding(t.data(INDEX), t.leaf(5, 3), padding_idx=-3),
    "often": lambda t: t.F.embedding(t.data(INDEX), t.leaf(5, 3), scale_grad_by_freq=True),
    "torch.embedding": lambda t: t.m.embedding(t.leaf(5, 3), t.data(INDEX)),
    "mean": bag([0, 2]),
    "sum": bag([0, 2, 5], mode="sum"),
    "max": bag([0, 2, 2], mode="max"),
    "last offset": bag([0, 2, 5], include_last_offset=True),
    "bag padding": bag([0, 2], padding_idx=2),
    "bag sum padding": bag([0, 3], padding_idx=2, mode="sum"),
    "weights": lambda t: t.F.embedding_bag(
        t.data(INDEX), t.leaf(5, 3), mode="sum", per_sample_weights=t.leaf(2, 2)
    ),
}


def test_a_table_of_integers_has_no_gradient_to_slow() -> None:
    table = tg.arange(6).reshape(3, 2)
    found = tg.nn.functional.embedding(tg.tensor([2, 2, 0]), table, scale_grad_by_freq=True)
    assert found.tolist() == [[4, 5], [4, 5], [0, 1]]


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, second=False)


WRONG: dict[str, Case] = {
    "index": lambda t: t.F.embedding(t.leaf(2), t.leaf(5, 3)),
    "table": lambda t: t.F.embedding(t.data(INDEX), t.leaf(5)),
    "mode": lambda t: t.F.embedding_bag(t.data(INDEX), t.leaf(5, 3), mode="least"),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_bags_are_of_floating_point_rows() -> None:
    with pytest.raises(RuntimeError, match="requires a floating point table, got Long"):
        F.embedding_bag(tg.tensor([[1, 0]]), tg.ones(3, 2, dtype=tg.int64))
