"""Products of several matrices."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import telegrad as tg
from telegrad.functions import chains
from telegrad.functions.contraction import matmul
from tests.client.functions.comparing import close


def matrices(*sizes: int) -> list[np.ndarray]:
    """A chain of matrices: the rows of each are as many as the columns of the one before."""
    rng = np.random.default_rng(5)
    return [rng.standard_normal(shape) for shape in pairwise(sizes)]


def test_a_chain_is_its_product() -> None:
    a, b, c = matrices(10, 2, 30, 3)
    close(chains.chained([tg.tensor(a)]), a)
    close(tg.chain_matmul(tg.tensor(a), tg.tensor(b)), a @ b)
    close(tg.chain_matmul(*map(tg.tensor, (a, b, c))), a @ b @ c)


def test_the_order_is_the_cheapest(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def counted(a: tg.Tensor, b: tg.Tensor) -> tg.Tensor:
        taken.append(a.shape[0] * a.shape[1] * b.shape[1])
        return matmul(a, b)

    monkeypatch.setattr(chains, "matmul", counted)
    chain = matrices(30, 35, 15, 5, 10, 20, 25)
    close(chains.chained([tg.tensor(a) for a in chain]), np.linalg.multi_dot(chain))
    assert sum(taken) == 15_125, "the textbook's example and its least number of products"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected one or more matrices"):
        tg.chain_matmul()
    with pytest.raises(RuntimeError, match="expected 2 instead"):
        tg.chain_matmul(tg.ones(2, 2), tg.ones(2))
    with pytest.raises(RuntimeError, match=r"tensors 0 and 1 with shapes \[2, 3\] and \[2, 3\]"):
        tg.chain_matmul(tg.ones(2, 3), tg.ones(2, 3))
