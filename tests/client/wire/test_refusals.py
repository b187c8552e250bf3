"""A refused fragment does not spoil the session."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import pytest

import telegrad as tg
import telegrad_engine.session as engine
from telegrad.errors import OutOfMemoryError

LIMIT = 400_000


@pytest.fixture(autouse=True)
def small_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A session that may hold 400 kB."""
    limited = functools.partial(engine.EngineSession, limit_bytes=LIMIT)
    monkeypatch.setattr(engine, "EngineSession", limited)
    tg.connect("embedded")
    yield
    tg.disconnect()


def vector(count: int, value: float = 1.0) -> tg.Tensor:
    return tg.tensor(np.full(count, value, np.float32))


def test_the_error_is_that_of_the_refusal_also_later() -> None:
    small = vector(10)
    large = vector(200_000)
    doubled = large * 2
    with pytest.raises(OutOfMemoryError, match="may hold 400000 bytes"):
        doubled.sum().item()
    with pytest.raises(OutOfMemoryError, match="may hold 400000 bytes"):
        (doubled + 1).sum().item()
    assert (small + 1).sum().item() == 20.0


def test_what_follows_works_and_ids_of_the_refused_are_never_named() -> None:
    keep = vector(10, 3.0)
    assert keep.sum().item() == 30.0
    for _ in range(3):
        lost = vector(200_000) * 2  # the 2 is a constant that the refused fragment carried
        with pytest.raises(OutOfMemoryError):
            lost.sum().item()
        del lost
        assert (keep * 2).sum().item() == 60.0
    assert tg.residuals().held_bytes < 1000


def test_a_leaf_of_a_refused_fragment_is_sent_again_when_there_is_room() -> None:
    ballast = vector(75_000)
    assert ballast.sum().item() == 75_000.0  # 300 kB are held now
    x = vector(40_000)
    x.requires_grad_()
    with pytest.raises(OutOfMemoryError):
        x.sum().item()
    del ballast
    loss = x.sum()
    assert loss.item() == 40_000.0
    loss.backward()
    assert x.grad is not None
    assert x.grad[0].item() == 1.0


def test_what_is_released_makes_room_for_the_next_array() -> None:
    ballast = vector(75_000)
    assert ballast.sum().item() == 75_000.0
    del ballast
    assert vector(80_000).sum().item() == 80_000.0


def test_releases_of_a_refused_fragment_are_made_up_for() -> None:
    ballast = [vector(16_000) for _ in range(6)]  # small enough to travel inside fragments
    assert sum(b.sum().item() for b in ballast) == 96_000.0
    more = vector(16_000, 2.0)
    del ballast[0]
    with pytest.raises(OutOfMemoryError):  # leaves come before releases
        more.sum().item()
    del ballast
    assert vector(80_000).sum().item() == 80_000.0
    assert more.sum().item() == 32_000.0


def test_a_refused_backward_leaves_the_graph_of_others() -> None:
    w = tg.ones(5, requires_grad=True)
    with pytest.raises(OutOfMemoryError):
        (vector(200_000).sum() * w.sum()).item()
    (w * w).sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [2.0] * 5
