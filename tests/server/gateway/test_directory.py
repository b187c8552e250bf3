"""The directory against real workers: found, full, lost.

All in one event loop: gRPC's asyncio side bears no second one in a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from telegrad_proto.errors import CapacityError, ServerUnavailableError, SessionNotFoundError
from telegrad_proto.v1 import cluster_pb2
from telegrad_server.gateway.directory import Directory
from tests.server.fakes import FakeWorker, converse, fake_worker, opening, raw_channel


class Fleet:
    """Places that the test moves."""

    def __init__(self, **places: str) -> None:
        self.places: dict[str, str] = places
        self.hurried = 0
        self.broken = False
        self.trouble = ""

    async def locate(self) -> Mapping[str, str]:
        if self.broken:
            raise ConnectionError("the place of the places is gone")
        return self.places

    async def hurry(self) -> None:
        self.hurried += 1

    async def status(self) -> cluster_pb2.StatusReply | None: ...

    async def drain(self, slot: str) -> bool:
        return False

    async def close(self) -> None: ...


def occupy(worker: FakeWorker, sessions: int) -> None:
    with raw_channel(worker.address) as channel:
        for _ in range(sessions):
            converse(channel, [opening()])


async def story(one: FakeWorker, two: FakeWorker) -> None:
    """What a gateway sees of two workers in their lives."""
    fleet = Fleet()
    directory = Directory(fleet)

    async def candidates() -> list[str]:
        await directory.refresh()
        return [slot for slot, _ in directory.candidates()]

    # Nobody there yet.
    with pytest.raises(ServerUnavailableError, match="no worker is ready"):
        await candidates()
    with pytest.raises(ServerUnavailableError):
        directory.holder("w.1")

    # Two workers, one of them busier.
    fleet.places = {"one": one.address, "two": two.address}
    occupy(one, 1)
    assert await candidates() == ["two", "one"]
    assert directory.ready
    with pytest.raises(ConnectionError), directory.placing("two"):
        assert [slot for slot, _ in directory.candidates()] == ["one", "two"], "one is on its way there"
        raise ConnectionError
    assert [slot for slot, _ in directory.candidates()] == ["two", "one"]
    with directory.placing("two"):
        pass
    assert [slot for slot, _ in directory.candidates()] == ["one", "two"]
    way = directory.holder(f"{one.server.sessions.name}.0")
    assert way is directory.holder(f"{one.server.sessions.name}.1"), "one connection a worker"
    with pytest.raises(SessionNotFoundError):
        directory.holder("stranger.0")

    # Both full.
    occupy(one, 1)
    occupy(two, 2)
    with pytest.raises(CapacityError):
        await candidates()

    # Nobody knows where they are: what is known goes on to serve.
    fleet.broken = True
    await directory.refresh()
    assert directory.ready
    fleet.broken = False

    # One dies: nobody listens at its address, so its sessions may be taken up elsewhere at once.
    lost = f"{one.server.sessions.name}.0"
    assert directory.holder(lost) is not None
    one.server.stop()
    await directory.refresh()
    with pytest.raises(SessionNotFoundError):
        directory.holder(lost)
    assert directory.ready, "the other one"
    assert [(slot, state) for slot, _, state, _ in directory.workers()] == [("one", "dead"), ("two", "ready")]

    # It leaves the fleet.
    del fleet.places["one"]
    await directory.refresh()
    with pytest.raises(SessionNotFoundError):
        directory.holder("stranger.0")

    # Watching goes on by itself, and at once when a call has failed.
    watching = asyncio.ensure_future(directory.watch())
    await directory.looked()
    directory.hurry()
    await directory.looked()
    assert fleet.hurried == 1
    watching.cancel()
    await directory.close()


def test_the_life_of_two_workers() -> None:
    with fake_worker(max_sessions=2) as one, fake_worker(max_sessions=2) as two:
        asyncio.run(story(one, two))
