"""Sessions made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from telegrad_proto.errors import (
    PayloadError,
    ServerUnavailableError,
    SessionNotFoundError,
    StaleEpochError,
)
from telegrad_proto.v1 import snapshot_pb2
from telegrad_server.core.epochs import Opening, Owner
from telegrad_server.core.sessions import RestoreSession
from telegrad_server.worker.restoring import Restorer
from telegrad_server.worker.session import WorkerSession
from telegrad_server.worker.store import SnapshotStore
from tests.server.fakes import FakeCaptured, FakeEngine

KEY = "0123456789abcdef" * 2
HERE, OTHER = f"here.{KEY}", f"other.{KEY}"


def restore(opening: Opening, known: Owner | None = None) -> tuple[str, int, int]:
    session = Restorer(FakeEngine).restore(RestoreSession(HERE, 1, opening, known))
    return session.session_id, session.epoch, session.applied_seq


def test_from_nothing_where_the_client_has_all() -> None:
    assert restore(Opening(OTHER, 3, b"me", 1)) == (HERE, 4, 0)


def test_not_where_something_is_missing() -> None:
    with pytest.raises(SessionNotFoundError):
        restore(Opening(OTHER, 3, b"me", 2))


def test_not_for_a_client_that_was_replaced() -> None:
    with pytest.raises(StaleEpochError):
        restore(Opening(OTHER, 3, b"me", 1), Owner(HERE, 4, b"you"))


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    store = SnapshotStore(str(tmp_path))
    store.claim(KEY, 3, snapshot_pb2.StoredClaim(client_id=b"me"))
    snapshot = snapshot_pb2.Snapshot(key=KEY, epoch=3, seq=7)
    snapshot.outcomes.add(digest=b"six", outcome=b"its outcome")
    snapshot.outcomes.add(digest=b"seven", outcome=b"the last")
    store.save(snapshot, FakeCaptured(7).blobs())
    return store


def from_store(store: SnapshotStore, opening: Opening) -> tuple[WorkerSession, FakeEngine]:
    engine = FakeEngine()
    restorer = Restorer(lambda: engine, store, "here")
    return restorer.restore(RestoreSession(HERE, 1, opening, None)), engine


def test_from_a_snapshot(store: SnapshotStore) -> None:
    session, engine = from_store(store, Opening(OTHER, 3, b"me", 8))
    assert (session.epoch, session.applied_seq, session.durable_seq) == (4, 7, 7)
    assert engine.restored == [b"the same", b"7 applied"]
    assert [record.outcome for record in session._sequencer.latest(2)] == [b"its outcome", b"the last"]
    newest = store.newest_claim(KEY)
    assert newest is not None
    assert newest[1] == snapshot_pb2.StoredClaim(worker="here", client_id=b"me", base_epoch=3, base_seq=7)


def test_an_open_whose_answer_was_lost_may_come_again(store: SnapshotStore) -> None:
    from_store(store, Opening(OTHER, 3, b"me", 8))
    session, _ = from_store(store, Opening(OTHER, 3, b"me", 8))
    assert (session.epoch, session.applied_seq) == (5, 7)


def test_a_zombie_client_is_told_so(store: SnapshotStore) -> None:
    from_store(store, Opening(f".{KEY}", 0, b"you"))
    with pytest.raises(StaleEpochError):
        from_store(store, Opening(OTHER, 3, b"me", 8))


def test_two_that_take_it_up_at_once(store: SnapshotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(key: str, epoch: int, claim: snapshot_pb2.StoredClaim) -> None:
        raise FileExistsError

    monkeypatch.setattr(store, "claim", late)
    with pytest.raises(ServerUnavailableError, match="another worker"):
        from_store(store, Opening(OTHER, 3, b"me", 8))


def test_a_snapshot_that_cannot_be_read_leaves_no_engine(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine()

    def damaged(*_: object) -> None:
        raise PayloadError("damaged")

    monkeypatch.setattr(engine, "restore", damaged)
    with pytest.raises(PayloadError):
        Restorer(lambda: engine, store).restore(RestoreSession(HERE, 1, Opening(OTHER, 3, b"me", 8), None))
    assert engine.closed


def test_what_lives_here_may_be_a_leftover(store: SnapshotStore) -> None:
    restorer = Restorer(FakeEngine, store)
    assert restorer.is_leftover(WorkerSession(HERE, FakeEngine(), epoch=2))
    assert not restorer.is_leftover(WorkerSession(HERE, FakeEngine(), epoch=3))


def unreachable(*_: object) -> None:
    raise OSError("no route")


def test_a_store_that_does_not_answer_is_not_needed_where_the_client_has_all(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "newest_claim", unreachable)
    session, _ = from_store(store, Opening(OTHER, 3, b"me", 1))
    assert (session.epoch, session.applied_seq) == (4, 0)
    for opening in (Opening(OTHER, 3, b"me", 8), Opening(f".{KEY}", 0, b"me", 0)):
        with pytest.raises(ServerUnavailableError, match="store"):
            from_store(store, opening)
    assert not Restorer(FakeEngine, store).is_leftover(session)
