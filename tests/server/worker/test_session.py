"""One session on a worker: applied once, cancelled from beside, closed while it computes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from telegrad_proto.errors import CancelledError, InternalError, SessionNotFoundError
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2
from telegrad_server.worker.session import WorkerSession
from tests.server.fakes import BLOCK, DEFECT, LARGE, FakeEngine, fragment


def apply(session: WorkerSession, request: session_pb2.Request) -> session_pb2.Outcome:
    reply = session.apply(request.SerializeToString(), request.fragment)
    return session_pb2.Reply.FromString(reply).outcome


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(engine: FakeEngine) -> WorkerSession:
    return WorkerSession("w.1", engine)


def test_a_repeated_fragment_is_answered_from_record(engine: FakeEngine, session: WorkerSession) -> None:
    first = apply(session, fragment(1))
    assert apply(session, fragment(1)) == first
    assert engine.applied == [1]
    assert session.applied_seq == 1


def test_a_failed_evaluation_is_recorded_too(engine: FakeEngine, session: WorkerSession) -> None:
    first = apply(session, fragment(1, DEFECT))
    assert isinstance(from_status(first.error), InternalError)
    assert apply(session, fragment(1, DEFECT)) == first, "the same incident, not another"
    assert engine.applied == [1]


def test_a_repeat_waits_for_the_first_and_gets_its_outcome(
    engine: FakeEngine, session: WorkerSession
) -> None:
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(apply, session, fragment(1, BLOCK))
        assert engine.blocking.wait(60)
        second = pool.submit(apply, session, fragment(1, BLOCK))  # the stream was lost, the client came back
        assert session.cancel(1)
        assert first.result(60) == second.result(10)
    assert engine.applied == [1]


def test_cancel_stops_what_runs_and_what_is_still_to_come(engine: FakeEngine, session: WorkerSession) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(apply, session, fragment(1, BLOCK))
        assert engine.blocking.wait(60)
        assert session.cancel(2)
        assert isinstance(from_status(running.result(60).error), CancelledError)
    assert isinstance(from_status(apply(session, fragment(2)).error), CancelledError)
    assert not apply(session, fragment(3)).HasField("error")


def test_cancel_of_something_later_lets_what_runs_go_on(engine: FakeEngine, session: WorkerSession) -> None:
    apply(session, fragment(1))
    assert not session.cancel(1), "it has ended"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(apply, session, fragment(2, BLOCK))
        assert engine.blocking.wait(60)
        assert not session.cancel(1)
        assert not running.done()
        assert session.cancel(2)
        running.result(60)


def test_closing_stops_what_runs_and_frees(engine: FakeEngine, session: WorkerSession) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(apply, session, fragment(1, BLOCK))
        assert engine.blocking.wait(60)
        session.close()
        assert running.result(60).HasField("error")
    assert engine.closed
    session.close()
    for call in (
        lambda: apply(session, fragment(2)),
        lambda: session.missing([]),
        lambda: session.get(1),
        lambda: session.put(b"", 0),
        session.residuals,
    ):
        with pytest.raises(SessionNotFoundError):
            call()


def test_values_that_are_too_many_for_one_message_are_left_to_be_got(session: WorkerSession) -> None:
    few = apply(session, fragment(1, LARGE))
    assert len(few.values[0].data) == 1_000_000
    many = apply(session, fragment(2, *[LARGE] * 5))
    assert [value.WhichOneof("content") for value in many.values] == ["by_get"] * 5
    assert apply(session, fragment(2, *[LARGE] * 5)) == many


def test_a_payload_becomes_known_when_it_is_whole(engine: FakeEngine, session: WorkerSession) -> None:
    digest = digest_of(b"data")
    sink = session.put(digest, 4)
    sink.write(b"data")
    assert session.missing([digest]) == [digest]
    session.finish(sink)
    assert session.missing([digest]) == []
