"""Distances and similarities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import distance

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
A, B = np.random.default_rng(9).standard_normal((2, 4, 3))


@pytest.mark.parametrize(("order", "name"), [(1.0, "cityblock"), (2.0, "euclidean"), (np.inf, "chebyshev")])
def test_pairs_are_scipys(order: float, name: str) -> None:
    close(F.pdist(tg.tensor(A), order), distance.pdist(A, name))


def test_similarity_and_distance() -> None:
    expected = [1 - distance.cosine(a, b) for a, b in zip(A, B, strict=True)]
    close(F.cosine_similarity(tg.tensor(A), tg.tensor(B)), expected)
    close(F.pairwise_distance(tg.tensor(A), tg.tensor(B), eps=0.0), np.linalg.norm(A - B, axis=1))


def test_normalized_vectors_have_length_1() -> None:
    found = F.normalize(tg.tensor(A)).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    close(F.normalize(tg.zeros(2, 3)), np.zeros((2, 3)))


TORCH: dict[str, Case] = {
    "cosine": lambda t: t.F.cosine_similarity(t.leaf(4, 3), t.leaf(4, 3)),
    "cosine stretched": lambda t: t.F.cosine_similarity(t.leaf(4, 3), t.leaf(1, 3), dim=0),
    "pairwise": lambda t: t.F.pairwise_distance(t.leaf(4, 3), t.leaf(4, 3)),
    "pairwise 1": lambda t: t.F.pairwise_distance(t.leaf(4, 3), t.leaf(3), p=1.0, keepdim=True),
    "normalize": lambda t: t.F.normalize(t.leaf(4, 3), p=3.0, dim=0),
    "normalize dims": lambda t: t.F.normalize(t.leaf(2, 4, 3), dim=(1, 2)),
}
FIRST: dict[str, Case] = {
    "cosine of zeros": lambda t: t.F.cosine_similarity(t.leaf(of=np.zeros((2, 3))), t.leaf(2, 3)),
    "pdist": lambda t: t.F.pdist(t.leaf(4, 3)),
    "pdist 3": lambda t: t.F.pdist(t.leaf(4, 3), 3.0),
    "pdist same rows": lambda t: t.F.pdist(t.leaf(of=[[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]])),
    "pdist one row": lambda t: t.m.pdist(t.leaf(1, 3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", [*TORCH.values(), *FIRST.values()], ids=[*TORCH, *FIRST])
def test_it_is_torchs(case: Case) -> None:
    agree(case, second=case in TORCH.values())


@pytest.mark.torch
def test_errors_are_torchs() -> None:
    fail_alike(lambda t: t.F.pdist(t.leaf(2, 3, 4)))
    fail_alike(lambda t: t.F.pdist(t.leaf(2, 3), -1.0))


def test_the_dimension_of_a_cosine_must_be_there() -> None:
    with pytest.raises(IndexError, match="Dimension out of range"):
        F.cosine_similarity(tg.tensor(1.0), tg.tensor(2.0))
    with pytest.raises(RuntimeError, match="expected common dtype to be floating point"):
        F.cosine_similarity(tg.ones(2, dtype=tg.complex64), tg.ones(2), dim=5)
