"""What the pool tells becomes the driver's events; the pool itself is tested in tests/integration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telegrad_proto.errors import DataError, InternalError
from telegrad_proto.status import to_status
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import planning, spread
from telegrad_server.jobs.driver import Done, Event, Failed, Nothing
from telegrad_server.jobs.files import Roots
from tests.server.jobs.drafts import rows, spec_for, submit, write_rows


def _answer(kind: str, told: bytes, shard: int) -> dict[str, list[Any]]:
    return {"kind": [kind], "told": [told], "shard": [shard]}


def _events(answers: Iterator[dict[str, list[Any]]]) -> list[Event]:
    return [event for event in spread._watched(lambda: answers) if not isinstance(event, Nothing)]


def test_answers_become_events() -> None:
    entry = job_pb2.LedgerEntry(shard=3, rows=7)
    error = to_status(DataError("x: row 1: NaN", row=1))
    answers = [
        _answer("done", entry.SerializeToString(), 3),
        _answer("left", b"", 4),
        _answer("failed", error.SerializeToString(), 5),
        _answer("done", b"\xff\xff", 6),
    ]
    done, failed, broken = _events(iter(answers))
    assert done == Done(entry)
    assert isinstance(failed, Failed)
    assert (failed.shard, type(failed.error)) == (5, DataError)
    assert isinstance(broken, Failed)
    assert isinstance(broken.error, InternalError)


def test_time_goes_on_while_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_TICK_S", 0.01)
    events: list[Event] = []

    def answers() -> Iterator[dict[str, list[Any]]]:
        while len(events) < 3:
            yield from ()
        yield _answer("left", b"", 0)

    events += (event for event in _first(spread._watched(answers), 3))
    assert events == [Nothing()] * 3


def _first(events: Iterator[Event], count: int) -> Iterator[Event]:
    for _ in range(count):
        yield next(events)


def test_a_pool_that_fails_may_be_begun_again() -> None:
    def answers() -> Iterator[dict[str, list[Any]]]:
        yield _answer("left", b"", 0)
        raise RuntimeError("a long story\nno node left")

    with pytest.raises(OSError, match="the pool of processes failed: no node left"):
        _events(answers())


def test_a_worker_of_the_pool_computes_shards_by_number(tmp_path: Path) -> None:
    x = rows(90)
    x[50] = float("nan")
    folder = submit(tmp_path / "jobs", spec_for(write_rows(tmp_path / "x.npz", x)))
    folder.plan(planning.plan(folder.spec(), Roots()))
    worker = spread._Worker(str(tmp_path / "jobs"), folder.id, (str(tmp_path),), "cpu")
    assert worker({"shard": [0]})["kind"] == ["done"]
    assert worker({"shard": [1]})["kind"] == ["failed"]
    folder.cancel()
    fresh = spread._Worker(str(tmp_path / "jobs"), folder.id, (), "cpu")
    assert fresh({"shard": [2]})["kind"] == ["left"]
    assert fresh({"shard": [0]})["kind"] == ["done"]  # by the ledger


def test_what_keeps_the_first_process_from_starting_is_said() -> None:
    started, resources = False, (0.0, 2.0)
    lack = spread.Lack("CPU", lambda: started, lambda: resources)
    assert lack() == "requires a free CPU; workers and other jobs have all 2 of the cluster"
    resources = (1.0, 2.0)
    assert lack() == ""
    started, resources = True, (0.0, 2.0)
    assert lack() == ""
    started = False
    assert lack() == "", "what started once is Ray's to start again"


def test_the_lack_is_told_while_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_TICK_S", 0.01)
    events: list[Event] = []

    def answers() -> Iterator[dict[str, list[Any]]]:
        while not events:
            yield from ()
        yield _answer("left", b"", 0)

    told = spread._watched(answers, lambda: "requires a free GPU")
    events.append(next(told))
    assert events == [Nothing(waiting="requires a free GPU")]
    assert list(told)[-1] == Nothing()
