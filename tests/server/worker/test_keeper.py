"""Sessions stored when they are due, given up where they were taken up elsewhere, going on where it fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telegrad_proto.v1 import session_pb2, snapshot_pb2
from telegrad_server.core.snapshotting import Policy
from telegrad_server.worker.keeper import Durability, Keeper
from telegrad_server.worker.session import WorkerSession
from telegrad_server.worker.store import SnapshotStore
from tests.server.fakes import FakeEngine

KEY = "0123456789abcdef" * 2


class World:
    """One session with a keeper, whose time stands still until it is moved."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 0.0
        self.attached = True
        self.fenced: list[str] = []
        self.session = WorkerSession(f"w.{KEY}", FakeEngine(), client_id=b"me")
        self.store = SnapshotStore(str(folder))
        self.keeper = Keeper(
            Durability(self.store, Policy(fragments=10, period_s=5, pause_s=0, retry_s=3), 1e6),
            "w",
            lambda: [(self.session, self.attached)],
            self.fenced.append,
            clock=lambda: self.now_s,
        )

    def apply(self, count: int, *, snapshot: bool = False) -> session_pb2.Outcome:
        outcome = session_pb2.Outcome()
        for _ in range(count):
            seq = self.session.applied_seq + 1
            raw = self.session.apply(b"%d" % seq, session_pb2.Fragment(seq=seq, snapshot=snapshot))
            outcome = session_pb2.Reply.FromString(raw).outcome
        return outcome

    def look(self, now_s: float) -> int:
        """How far the session is stored after a look at this time."""
        self.now_s = now_s
        self.keeper.look()
        return self.session.durable_seq


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.look(0)
    yield world
    world.keeper.stop()


def test_it_is_stored_when_it_is_due_and_its_client_is_told(world: World) -> None:
    assert world.apply(3).durable_seq == 0
    assert world.look(4) == 0
    assert world.look(5) == 3
    assert world.apply(1).durable_seq == 3
    assert world.look(6) == 3
    world.apply(9)
    assert world.look(6) == 13
    snapshot = world.store.load(KEY, 1, 13)
    assert [record.digest for record in snapshot.outcomes] == [
        record.digest for record in world.session._sequencer.latest(99)
    ]


def test_at_once_where_its_client_asks_or_goes(world: World) -> None:
    world.apply(1)
    assert world.look(0) == 0
    world.apply(1, snapshot=True)
    assert world.look(0) == 2
    assert not world.session.snapshot_wanted
    world.apply(1)
    world.attached = False
    assert world.look(0) == 3


def test_all_is_stored_before_the_end(world: World) -> None:
    world.apply(1)
    assert world.keeper.store_all() == 1
    assert world.keeper.store_all() == 0


def test_what_was_taken_up_elsewhere_is_given_up(world: World) -> None:
    world.apply(1)
    world.look(5)
    world.store.claim(KEY, 2, snapshot_pb2.StoredClaim(base_epoch=1, base_seq=1))
    world.apply(1)
    assert world.look(10) == 1
    assert world.fenced == [f"w.{KEY}"]
    assert world.store.newest_snapshot(KEY) == (1, 1)


def test_what_is_taken_up_elsewhere_while_it_is_stored_is_given_up_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = world.store.save

    def late(*what: Any) -> int:
        world.store.claim(KEY, 2, snapshot_pb2.StoredClaim())
        return save(*what)

    monkeypatch.setattr(world.store, "save", late)
    world.apply(1)
    assert world.look(5) == 0, "its client is not told that it could forget"
    assert world.fenced == [f"w.{KEY}"]


def test_a_store_that_fails_is_told_once_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with caplog.at_level(logging.WARNING, "telegrad.server"):
        monkeypatch.setattr(world.store, "_write", full)
        world.apply(1)
        assert [world.look(now) for now in (5, 6, 8, 20)] == [0, 0, 0, 0]
        assert len(caplog.records) == 1
        assert "No space" in caplog.text
        assert world.apply(1).durable_seq == 0
        monkeypatch.undo()
        assert world.look(22) == 0
        assert world.look(23) == 2
        assert "again" in caplog.records[1].getMessage()


def test_what_its_client_closed_is_forgotten_unless_it_is_elsewhere(world: World) -> None:
    world.apply(1)
    world.look(5)
    world.keeper.closed(f"w.{KEY}", 1)
    world.keeper._forget_closed()
    assert world.store.newest_claim(KEY) is None
    world.store.claim(KEY, 2, snapshot_pb2.StoredClaim())
    world.keeper.closed(f"w.{KEY}", 1)
    world.keeper._forget_closed()
    assert world.store.newest_claim(KEY) is not None


def test_the_thread_does_it_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(1, snapshot=True)
    world.keeper.start()
    world.keeper.hurry()
    world.keeper.stop()
    assert world.session.durable_seq in (0, 1)
