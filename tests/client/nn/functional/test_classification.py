"""Losses of scores for classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
X = np.random.default_rng(7).standard_normal((4, 3))
T = np.array([2, 0, 1, 2])
W = np.array([0.5, 1.0, 2.0])


def test_cross_entropy_is_less_the_logarithm_of_the_softmax() -> None:
    logs = special.log_softmax(X, 1)
    picked = -logs[np.arange(4), T]
    x, t = tg.tensor(X), tg.tensor(T)
    close(F.cross_entropy(x, t), picked.mean())
    close(F.cross_entropy(x, t, reduction="none"), picked)
    close(F.nll_loss(tg.tensor(logs), t, tg.tensor(W), reduction="sum"), (picked * W[T]).sum())
    close(F.cross_entropy(x, t, tg.tensor(W)), (picked * W[T]).sum() / W[T].sum())
    close(F.cross_entropy(x, t, ignore_index=2), picked[[1, 2]].mean())


def test_what_is_ignored_may_be_infinite() -> None:
    x = tg.tensor([[0.0, -np.inf], [1.0, 2.0]], requires_grad=True)
    loss = F.nll_loss(x, tg.tensor([1, 0]), ignore_index=1)
    loss.backward()
    close(loss, -1.0)
    close(x.grad, [[0.0, 0.0], [-1.0, 0.0]])


def test_margins() -> None:
    x = np.array([[0.1, 0.2, 0.4, 0.8]])
    close(F.multi_margin_loss(tg.tensor(x), tg.tensor([3])), (0.3 + 0.4 + 0.6) / 4)
    # The right classes are 3 and 0; 1 and 2 are wrong.
    expected = 0.25 * ((1 - 0.6) + (1 - 0.4) + (1 + 0.1) + (1 + 0.3))
    close(F.multilabel_margin_loss(tg.tensor(x), tg.tensor([[3, 0, -1, 1]])), expected)


TORCH: dict[str, Case] = {
    "nll": lambda t: t.F.nll_loss(t.leaf(4, 3), t.data(T)),
    "nll one": lambda t: t.F.nll_loss(t.leaf(3), t.data(1)),
    "nll 3-d": lambda t: t.F.nll_loss(t.leaf(2, 3, 2), t.data([[0, 1], [2, 2]]), t.data(W), reduction="none"),
    "nll images": lambda t: t.F.nll_loss(t.leaf(1, 3, 2, 2), t.data([[[0, 1], [2, 2]]]), ignore_index=2),
    "nll nothing left": lambda t: t.F.nll_loss(t.leaf(2, 3), t.data([1, 1]), ignore_index=1),
    "cross entropy": lambda t: t.F.cross_entropy(t.leaf(4, 3), t.data(T), t.data(W)),
    "cross entropy smooth": lambda t: t.F.cross_entropy(
        t.leaf(4, 3), t.data(T), t.data(W), ignore_index=0, label_smoothing=0.2
    ),
    "cross entropy smooth sum": lambda t: t.F.cross_entropy(
        t.leaf(4, 3), t.data(T), label_smoothing=0.2, reduction="sum"
    ),
    "cross entropy shares": lambda t: t.F.cross_entropy(t.leaf(4, 3), t.positive(4, 3), label_smoothing=0.1),
    "cross entropy shares none": lambda t: t.F.cross_entropy(
        t.leaf(2, 3, 2), t.positive(2, 3, 2), t.data(W), reduction="none"
    ),
    "multi margin": lambda t: t.F.multi_margin_loss(t.leaf(4, 3), t.data(T), margin=0.5),
    "multi margin squared": lambda t: t.F.multi_margin_loss(t.leaf(4, 3), t.data(T), p=2, weight=t.data(W)),
    "multilabel margin": lambda t: t.F.multilabel_margin_loss(
        t.leaf(2, 3), t.data([[1, -1, 2], [0, 2, -1]]), reduction="none"
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, second="margin" not in next(k for k, v in TORCH.items() if v is case))


WRONG: dict[str, Case] = {
    "batch sizes": lambda t: t.F.nll_loss(t.leaf(4, 3), t.data([1, 2])),
    "smoothing": lambda t: t.F.cross_entropy(t.leaf(4, 3), t.data(T), label_smoothing=1.5),
    "integer shares": lambda t: t.F.cross_entropy(t.leaf(2, 2), t.data([[0, 1], [1, 0]])),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


@pytest.mark.parametrize("dtype", ["int32", "int8", "float32", "bool"])
def test_classes_are_long_or_byte(dtype: str) -> None:
    for name in ("nll_loss", "cross_entropy"):
        with pytest.raises(RuntimeError, match="expected target dtype to be Long or Byte, but got "):
            getattr(F, name)(tg.tensor(X), tg.tensor(T).to(getattr(tg, dtype)))
    close(
        F.cross_entropy(tg.tensor(X), tg.tensor(T).to(tg.uint8)),
        F.cross_entropy(tg.tensor(X), tg.tensor(T)).numpy(),
    )


def test_a_class_that_there_is_not_is_an_error() -> None:
    with pytest.raises(IndexError):
        F.nll_loss(tg.zeros(2, 3), tg.tensor([0, 3])).item()
