"""Losses of how things compare."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])


def test_values_are_the_formulas() -> None:
    a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 1.0, 3.5, 6.0])
    expected = np.maximum(0, -SIGNS * (a - b) + 0.25)
    close(
        F.margin_ranking_loss(tg.tensor(a), tg.tensor(b), tg.tensor(SIGNS), 0.25, reduction="none"), expected
    )
    hinge = np.where(SIGNS > 0, a, np.maximum(0, 1 - a))
    close(F.hinge_embedding_loss(tg.tensor(a), tg.tensor(SIGNS), reduction="none"), hinge)
    near, far = np.array([[0.0, 3.0]]), np.array([[4.0, 3.0]])
    anchor = np.zeros((1, 2))
    close(F.triplet_margin_loss(*map(tg.tensor, (anchor, near, far)), margin=3.0, eps=0.0), 3.0 + 3.0 - 5.0)
    one, other = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])
    cosine = 1 / np.sqrt(2)
    for sign, expected_loss in ((1, 1 - cosine), (-1, cosine - 0.5)):
        target = tg.tensor([sign])
        close(F.cosine_embedding_loss(tg.tensor(one), tg.tensor(other), target, 0.5), expected_loss)


def own_distance(t: Tensors) -> object:
    def distance(a: object, b: object) -> object:
        return (a - b).abs().sum(-1)  # type: ignore[operator]

    leaves = (t.leaf(4, 3), t.leaf(4, 3), t.leaf(4, 3))
    return t.F.triplet_margin_with_distance_loss(*leaves, distance_function=distance, swap=True)


TORCH: dict[str, Case] = {
    "ranking": lambda t: t.F.margin_ranking_loss(t.leaf(4), t.leaf(4), t.data(SIGNS), 0.3),
    "ranking at the bend": lambda t: t.F.margin_ranking_loss(
        t.leaf(of=[1.0, 1.0]), t.leaf(of=[1.0, 2.0]), t.data([1.0, -1.0])
    ),
    "hinge": lambda t: t.F.hinge_embedding_loss(t.leaf(4), t.data(SIGNS), reduction="sum"),
    "cosine": lambda t: t.F.cosine_embedding_loss(t.leaf(4, 3), t.leaf(4, 3), t.data(SIGNS), 0.2),
    "cosine one": lambda t: t.F.cosine_embedding_loss(t.leaf(3), t.leaf(3), t.data(1.0), reduction="none"),
    "triplet": lambda t: t.F.triplet_margin_loss(t.leaf(4, 3), t.leaf(4, 3), t.leaf(4, 3)),
    "triplet swap": lambda t: t.F.triplet_margin_loss(
        t.leaf(4, 3), t.leaf(4, 3), t.leaf(4, 3), p=1, swap=True, reduction="none"
    ),
    "triplet distance": lambda t: t.F.triplet_margin_with_distance_loss(
        t.leaf(4, 3), t.leaf(4, 3), t.leaf(4, 3)
    ),
    "triplet own distance": own_distance,
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "dimensions": lambda t: t.F.margin_ranking_loss(t.leaf(4), t.leaf(4), t.leaf(4, 1)),
    "margin": lambda t: t.F.triplet_margin_loss(t.leaf(2, 2), t.leaf(2, 2), t.leaf(2, 2), margin=-1.0),
    "cosine target": lambda t: t.F.cosine_embedding_loss(t.leaf(2, 2), t.leaf(2, 2), t.leaf(2, 2)),
    "cosine inputs": lambda t: t.F.cosine_embedding_loss(t.leaf(2), t.leaf(2), t.leaf(2)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_integers_are_compared_as_torch_compares_them() -> None:
    a, b, signs = tg.tensor([-8, 6, 9]), tg.tensor([5, 5, 7]), tg.tensor([1, -1, 1])
    ranked = F.margin_ranking_loss(a, b, signs, 0.5, reduction="none")
    assert (ranked.dtype, ranked.tolist()) == (tg.float32, [13.5, 1.5, 0.0])
    assert F.hinge_embedding_loss(a.int(), signs.int(), reduction="sum").dtype is tg.int64
    rows = tg.tensor([[True, False, True], [True, True, False]])
    cosine = F.cosine_embedding_loss(rows, rows.flip(0), tg.tensor([True, False]), 0.5, reduction="none")
    assert cosine.tolist() == [0.5, 0.0]
    with pytest.raises(RuntimeError, match="bool tensors is not supported"):
        F.margin_ranking_loss(rows, rows, rows)
