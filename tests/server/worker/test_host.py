"""The sessions of a worker: leases that end, streams that are taken over, an engine that cannot be made."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from telegrad_proto.errors import CapacityError, SessionExpiredError, SessionNotFoundError
from telegrad_server.core.epochs import Opening
from telegrad_server.core.sessions import SessionTable
from telegrad_server.worker.host import SessionHost
from telegrad_server.worker.session import WorkerSession
from tests.server.fakes import FakeEngine


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class World:
    """A host with a clock in hand and a record of its engines."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.engines: list[FakeEngine] = []
        table = SessionTable(lease_s=60, max_sessions=2)
        self.host = SessionHost("w", self.make, table=table, clock=self.clock)

    def make(self) -> FakeEngine:
        self.engines.append(FakeEngine())
        return self.engines[-1]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.host.stop()


def nothing() -> None: ...


def test_a_lease_that_ends_frees_the_engine(world: World) -> None:
    stream = world.host.attach(Opening(""), nothing)
    name = stream.session.session_id
    assert world.host.find(name) is stream.session
    world.host.ended(stream)
    world.clock.now_s = 59
    assert world.host.find(name) is stream.session
    world.clock.now_s = 119
    with pytest.raises(SessionExpiredError):
        world.host.find(name)
    assert world.engines[0].closed
    with pytest.raises(SessionExpiredError):
        world.host.attach(Opening(name), nothing)


def test_a_second_stream_ends_the_first(world: World) -> None:
    ended = threading.Event()
    first = world.host.attach(Opening(""), ended.set)
    second = world.host.attach(Opening(first.session.session_id), nothing)
    assert ended.is_set()
    assert second.session is first.session
    world.host.ended(first)
    world.clock.now_s = 1000
    assert world.host.find(first.session.session_id) is second.session


def test_closing_frees_at_once(world: World) -> None:
    stream = world.host.attach(Opening(""), nothing)
    world.host.close(stream)
    world.host.ended(stream)
    assert world.engines[0].closed
    assert len(world.host) == 0
    with pytest.raises(SessionNotFoundError):
        world.host.find(stream.session.session_id)


def test_there_is_room_for_so_many(world: World) -> None:
    world.host.attach(Opening(""), nothing)
    world.host.attach(Opening(""), nothing)
    with pytest.raises(CapacityError):
        world.host.attach(Opening(""), nothing)
    assert len(world.engines) == 2


def test_an_engine_that_cannot_be_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> FakeEngine:
        raise MemoryError("no device memory")

    host = SessionHost("w", fail, table=SessionTable(lease_s=60, max_sessions=2))
    for _ in range(5):
        with pytest.raises(MemoryError):
            host.attach(Opening(""), nothing)
    assert len(host) == 0


def test_ids_are_long_random_and_begin_with_the_name(world: World) -> None:
    one, two = (world.host.attach(Opening(""), nothing).session.session_id for _ in range(2))
    assert one != two
    assert one.startswith("w.")
    assert len(one) == 2 + 32


def test_draining_ends_idle_streams_only(world: World) -> None:
    idle, busy = threading.Event(), threading.Event()
    world.host.attach(Opening(""), idle.set).idle = True
    world.host.attach(Opening(""), busy.set)
    world.host.drain()
    assert idle.is_set()
    assert not busy.is_set()
    assert world.host.draining
    with pytest.raises(CapacityError):
        world.host.attach(Opening(""), nothing)


def test_stopping_frees_everything(world: World) -> None:
    for _ in range(2):
        world.host.attach(Opening(""), nothing)
    world.host.stop()
    assert all(engine.closed for engine in world.engines)


def test_the_reaper_frees_without_being_asked() -> None:
    freed = threading.Event()

    class Telling(FakeEngine):
        def close(self) -> None:
            freed.set()

    host = SessionHost("w", Telling, table=SessionTable(lease_s=0.05, max_sessions=2))
    host.start()
    try:
        stream = host.attach(Opening(""), nothing)
        assert isinstance(stream.session, WorkerSession)
        host.ended(stream)
        assert freed.wait(60)
    finally:
        host.stop()
