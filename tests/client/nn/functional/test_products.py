"""Layers that multiply by weights, attention, one-hot vectors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
DRAW = np.random.default_rng(21)


def test_linear_and_bilinear() -> None:
    x, y, w, b = (DRAW.standard_normal(s) for s in ((2, 3), (2, 4), (5, 3, 4), (5,)))
    close(F.linear(tg.tensor(x), tg.tensor(w[:, :, 0]), tg.tensor(b)), x @ w[:, :, 0].T + b)
    expected = np.einsum("ni,kij,nj->nk", x, w, y) + b
    close(F.bilinear(*map(tg.tensor, (x, y, w, b))), expected)


def test_attention_is_a_weighted_mean() -> None:
    q, k, v = (DRAW.standard_normal((2, 3, 4)) for _ in range(3))
    weights = special.softmax(q @ k.transpose(0, 2, 1) / 2, -1)
    close(F.scaled_dot_product_attention(*map(tg.tensor, (q, k, v))), weights @ v)


def test_a_query_that_may_see_nothing_sees_zeros() -> None:
    q = tg.ones(1, 2, 3, dtype=tg.float64, requires_grad=True)
    mask = tg.tensor([[True, False], [False, False]])
    made = F.scaled_dot_product_attention(q, q, q, mask)
    close(made[0, 1], np.zeros(3))
    made.sum().backward()
    assert np.isfinite(q.grad.numpy()).all()


def test_one_hot() -> None:
    close(F.one_hot(tg.tensor([1, 0, 2])), np.eye(3)[[1, 0, 2]])
    close(F.one_hot(tg.tensor([[1], [0]]), 3), np.eye(3)[[[1], [0]]])
    assert F.one_hot(tg.tensor([1])).dtype is tg.int64
    with pytest.raises(IndexError):
        F.one_hot(tg.tensor([0, 3]), 2).tolist()


MASK = np.tril(np.ones((3, 3), bool))
TORCH: dict[str, Case] = {
    "linear": lambda t: t.F.linear(t.leaf(2, 3), t.leaf(4, 3), t.leaf(4)),
    "linear plain": lambda t: t.F.linear(t.leaf(2, 3), t.leaf(4, 3)),
    "linear vector": lambda t: t.F.linear(t.leaf(3), t.leaf(4, 3), t.leaf(4)),
    "linear batches": lambda t: t.F.linear(t.leaf(2, 5, 3), t.leaf(4, 3), t.leaf(4)),
    "linear one": lambda t: t.F.linear(t.leaf(2, 3), t.leaf(3)),
    "bilinear": lambda t: t.F.bilinear(t.leaf(2, 2, 3), t.leaf(2, 2, 4), t.leaf(5, 3, 4), t.leaf(5)),
    "attention": lambda t: t.F.scaled_dot_product_attention(
        t.leaf(2, 3, 4), t.leaf(2, 5, 4), t.leaf(2, 5, 2)
    ),
    "attention causal": lambda t: t.F.scaled_dot_product_attention(
        t.leaf(2, 3, 4), t.leaf(2, 3, 4), t.leaf(2, 3, 4), is_causal=True, scale=0.3
    ),
    "attention mask": lambda t: t.F.scaled_dot_product_attention(
        t.leaf(3, 4), t.leaf(3, 4), t.leaf(3, 4), t.data(MASK)
    ),
    "attention bias": lambda t: t.F.scaled_dot_product_attention(
        t.leaf(3, 4), t.leaf(3, 4), t.leaf(3, 4), t.leaf(3, 3)
    ),
    "attention heads": lambda t: t.F.scaled_dot_product_attention(
        t.leaf(1, 4, 3, 4), t.leaf(1, 2, 3, 4), t.leaf(1, 2, 3, 4), enable_gqa=True
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    attention = "attention" in next(k for k, v in TORCH.items() if v is case)
    agree(case, names=not attention, second=case is not TORCH["attention heads"])


WRONG: dict[str, Case] = {
    "linear": lambda t: t.F.linear(t.leaf(2, 3), t.leaf(4, 2)),
    "bilinear": lambda t: t.F.bilinear(t.leaf(2, 3), t.leaf(3, 3), t.leaf(2, 3, 3)),
    "one_hot": lambda t: t.F.one_hot(t.leaf(2)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_which_size_of_a_bilinear_weight_is_wrong() -> None:
    with pytest.raises(RuntimeError, match="input1 size does not match weight size: got 3 but expected 4"):
        F.bilinear(tg.ones(3), tg.ones(4), tg.ones(3, 4))
    with pytest.raises(RuntimeError, match="input2 size does not match weight size: got 4 but expected 5"):
        F.bilinear(tg.ones(3), tg.ones(4), tg.ones(2, 3, 5))
    with pytest.raises(IndexError, match="a weight of 3 dimensions, got 2"):
        F.bilinear(tg.ones(3), tg.ones(4), tg.ones(2, 3))
