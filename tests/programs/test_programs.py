"""Ten whole programs, written for PyTorch, compute under telegrad what they compute there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import telegrad
from telegrad.recording.session import Session
from tests.places import serving
from tests.programs.running import CHANGED, IMPORT, NAMES, expected, losses, source, with_telegrad

STEPS = 50

#: Looks after the last step: at predictions, at final states.
AFTERWARDS = {
    "convolutional_network": 1,
    "gaussian_process": 2,
    "hamiltonian_monte_carlo": 2,
    "neural_ode": 1,
    "softmax_regression": 1,
}


@pytest.fixture(scope="module", params=["embedded", pytest.param("standalone", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of this process's own engine, and of a server."""
    if request.param == "embedded":
        yield "embedded"
        return
    with serving() as (found, _):
        yield found


@contextmanager
def session_at(address: str) -> Iterator[None]:
    telegrad.connect(address, progress=False)
    try:
        yield
    finally:
        telegrad.disconnect()


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_those_of_torch_and_each_step_is_a_round_trip(
    name: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    wait = Session.wait

    def counted(self: Session, seq: int) -> None:
        waits.append(seq)
        wait(self, seq)

    monkeypatch.setattr(Session, "wait", counted)
    with session_at(address):
        found = losses(name, tmp_path)
    np.testing.assert_allclose(found, expected()[name], rtol=1e-6, atol=1e-12)
    assert len(waits) == STEPS + AFTERWARDS.get(name, 0)


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_losses_are_those_of_torch_here_and_now(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    theirs = losses(name, tmp_path, changed=False)
    assert len(theirs) >= STEPS
    with session_at("embedded"):
        np.testing.assert_allclose(losses(name, tmp_path), theirs, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(expected()[name], theirs, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_one_line_changes(name: str) -> None:
    before, after = source(name).split("\n"), with_telegrad(source(name)).split("\n")
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [(IMPORT, CHANGED)]


def test_there_are_ten() -> None:
    assert len(NAMES) == 10
    assert list(expected()) == list(NAMES)
