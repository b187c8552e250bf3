"""What is kept for derivatives, as a user sees it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import telegrad as tg
from tests.places import Place


@pytest.fixture(autouse=True)
def connection(place: Place) -> Iterator[None]:
    tg.connect(place.address or "embedded")
    yield
    tg.disconnect()


def test_the_list_names_tensor_bytes_decision_and_reason() -> None:
    x = tg.tensor(np.arange(100.0), requires_grad=True)
    y = x.sin().exp()
    loss = y.sum()
    assert not tg.residuals(), "nothing is computed yet"
    loss.item()
    found = tg.residuals()
    assert {(r.op, r.nbytes, r.decision) for r in found} == {("exp", 800, "save"), ("leaf", 800, "save")}
    assert found.nbytes == 1600
    made = next(r for r in found if r.op == "exp")
    assert "the derivative of exp" in made.reason
    assert "test_residuals.py" in made.line
    text = repr(found)
    assert text.startswith("2 residuals, 1.6 KiB, of ")
    assert "float64[100]" in text
    loss.backward()
    assert not tg.residuals()


def test_without_gradient_nothing_is_kept() -> None:
    x = tg.arange(100.0)
    x.sin().exp().sum().item()
    assert repr(tg.residuals()).startswith("0 residuals, 0 B, of ")
