"""Connectionist temporal classification, beside a sum over all alignments."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
LOGITS = np.random.default_rng(27).standard_normal((5, 3, 4))
LOGS = special.log_softmax(LOGITS, 2)
TARGETS = np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]])


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(k for k, _ in itertools.groupby(path) if k != 0)


def brute_force(logs: np.ndarray, target: tuple[int, ...]) -> float:
    paths = itertools.product(range(logs.shape[1]), repeat=len(logs))
    sums = [sum(logs[i, k] for i, k in enumerate(path)) for path in paths if collapsed(path) == target]
    return -float(special.logsumexp(sums))


def test_it_sums_over_all_alignments() -> None:
    found = F.ctc_loss(tg.tensor(LOGS), tg.tensor(TARGETS), (5, 4, 3), (3, 2, 1), reduction="none")
    expected = [
        brute_force(LOGS[:5, 0], (1, 2, 2)),
        brute_force(LOGS[:4, 1], (3, 1)),
        brute_force(LOGS[:3, 2], (2,)),
    ]
    close(found, expected)


def test_an_impossible_sequence_is_infinite_or_zero() -> None:
    logs, target = tg.tensor(LOGS[:2, :1]), tg.tensor([[1, 1]])
    assert np.isposinf(F.ctc_loss(logs, target, (2,), (2,), reduction="none").numpy()).all()
    close(F.ctc_loss(logs, target, (2,), (2,), reduction="none", zero_infinity=True), [0.0])


def loss(t: Tensors, targets: object, lengths: tuple[int, ...], **options: object) -> object:
    logs = t.m.log_softmax(t.leaf(of=LOGITS), 2)
    return t.F.ctc_loss(logs, t.data(targets), (5, 4, 3), lengths, **options)


TORCH: dict[str, Case] = {
    "mean": lambda t: loss(t, TARGETS, (3, 2, 1)),
    "sum": lambda t: loss(t, TARGETS, (3, 2, 1), reduction="sum"),
    "in one row": lambda t: loss(t, [1, 2, 2, 3, 1, 2], (3, 2, 1), reduction="none"),
    "empty target": lambda t: loss(t, TARGETS, (3, 0, 1)),
    "blank last": lambda t: loss(t, TARGETS % 3, (3, 2, 1), blank=3),
    "zero infinity": lambda t: loss(t, TARGETS, (3, 2, 1), zero_infinity=True),
    "lengths as tensors": lambda t: t.F.ctc_loss(
        t.leaf(of=LOGS), t.data(TARGETS), t.data([5, 4, 3]), t.data([3, 2, 1])
    ),
    "single": lambda t: t.F.ctc_loss(
        t.leaf(of=LOGS[:, 0]), t.data(TARGETS[0]), t.data(5), t.data(3), reduction="sum"
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    """Of what is no log_softmax too, where torch's gradient is that of the logits all the same."""
    agree(case, second=False)


@pytest.mark.torch
def test_errors_are_torchs() -> None:
    fail_alike(lambda t: loss(t, TARGETS, (3, 2, 1), blank=7))
    fail_alike(lambda t: loss(t, TARGETS, (3, 2)), words=False)
