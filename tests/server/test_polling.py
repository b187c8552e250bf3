"""A standalone server's own thread reads its sockets."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import telegrad as tg
from telegrad_server.polling import VARIABLE, reading_in_place
from tests.places import serving

ROUNDS, ROUND_TRIPS = 20, 10


def test_the_variable_is_there_only_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with reading_in_place():
        assert "-event_engine_listener" in os.environ[VARIABLE]
    assert VARIABLE not in os.environ


def test_what_a_user_says_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    with reading_in_place():
        assert os.environ[VARIABLE] == ""
    assert os.environ[VARIABLE] == ""


def woken(pid: int) -> int:
    """How often the threads of gRPC's event engine have been woken in a process."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # such threads come and go
            if (task / "comm").read_text().strip() == "event_engine":
                lines = (task / "status").read_text().splitlines()
                count += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return count


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_no_other_thread_is_woken_for_a_message() -> None:
    with serving() as (address, pid):
        tg.connect(address)
        x = tg.ones(2)
        fewest = ROUND_TRIPS * ROUNDS
        for _ in range(ROUNDS):  # time alone wakes them too, a few times a second
            before = woken(pid)
            for _ in range(ROUND_TRIPS):
                (x + x).tolist()
            fewest = min(fewest, woken(pid) - before)
        assert fewest < ROUND_TRIPS, "else three times for each"
        tg.disconnect()
