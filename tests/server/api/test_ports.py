"""The servicer's view of a worker: the real classes have what it needs."""

from __future__ import annotations

from telegrad_server.api.ports import Session, Sessions, Stream
from telegrad_server.core.sessions import SessionTable
from telegrad_server.worker.host import SessionHost
from telegrad_server.worker.session import Engine, WorkerSession
from tests.server.fakes import FakeEngine


def test_a_worker_serves_as_the_servicer_expects() -> None:
    engine: Engine = FakeEngine()
    session: Session = WorkerSession("w.1", engine)
    host: Sessions = SessionHost("w", FakeEngine, table=SessionTable(lease_s=1, max_sessions=3))
    assert (session.session_id, session.applied_seq) == ("w.1", 0)
    assert (host.name, len(host), host.capacity, host.lease_s, host.draining) == ("w", 0, 3, 1, False)


def test_a_stream_begins_busy() -> None:
    stream = Stream(7, WorkerSession("w.1", FakeEngine()), lambda: None)
    assert not stream.idle, "its Open is being answered"
