"""Two hundred kills at random moments of training: every run ends, and with the undisturbed one's bits.

CHAOS_KILLS sets another number.
"""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Self

import pytest

import telegrad
from telegrad.recording.session import Session
from tests.chaos.harness import Answers, Fleet, connected, final_state, fleet, until
from tests.conftest import SEED
from tests.programs.running import NAMES

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(7200)]

KILLS = int(os.environ.get("CHAOS_KILLS", "200"))

#: The median of the time from a kill to the next answer must not be more.
PROMISED_S = 3.0


class Killer:
    """Kills the worker that holds the session, again and again, and starts it anew.

    Attributes:
        moments: of the kills.
    """

    def __init__(self, fleet: Fleet, answers: Answers, seed: int) -> None:
        self.moments: list[float] = []
        self.failure: BaseException | None = None
        self._fleet = fleet
        self._answers = answers
        self._random = random.Random(seed)
        self._end = threading.Event()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name="killer")

    def of(self, session: Session) -> None:
        """The session whose worker is the next."""
        self._session = session

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while len(self.moments) < KILLS and not self._end.wait(self._random.uniform(0.05, 1.5)):
                session = self._session
                if session is None:
                    continue
                try:
                    victim = self._fleet.holder(session)
                except LookupError:
                    continue
                victim.kill()
                self.moments.append(time.monotonic())
                victim.start()
                # Most kills come while it computes, some while the session is still being brought back.
                if self._random.random() < 0.8:
                    self._recovered(self.moments[-1])
        except BaseException as error:  # noqa: BLE001  # the test fails of it
            self.failure = error

    def _recovered(self, moment: float) -> None:
        with suppress(TimeoutError):
            until(lambda: self._end.is_set() or self._answers.after(moment) is not None, 20.0)


def test_every_run_ends_as_if_nothing_had_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = {}
    for name in NAMES:
        with connected("embedded"):
            undisturbed[name] = final_state(name, tmp_path)
    answers = Answers(monkeypatch)
    runs, replayed = 0, 0
    with fleet() as servers, Killer(servers, answers, SEED) as killer:
        for name in cycle(NAMES):
            with connected(servers.address) as session:
                killer.of(session)
                found = final_state(name, tmp_path)
                replayed += session.transport.traffic.replayed
            assert killer.failure is None
            assert found == undisturbed[name], f"{name}, after {len(killer.moments)} kills, seed {SEED}"
            runs += 1
            if len(killer.moments) >= KILLS:
                break
    times = sorted(t for moment in killer.moments if (t := answers.after(moment)) is not None)
    tenth = statistics.quantiles(times, n=10)
    print(
        f"\n{len(killer.moments)} kills over {runs} runs of {len(NAMES)} programs, "
        f"{replayed} fragments replayed; "
        f"from the kill to the next answer, seconds: median {statistics.median(times):.2f}, "
        f"10% {tenth[0]:.2f}, 90% {tenth[-1]:.2f}, longest {times[-1]:.2f}"
    )
    assert len(times) >= 0.95 * KILLS
    assert statistics.median(times) <= PROMISED_S
    assert telegrad.ones(1).sum().item() == 1.0
