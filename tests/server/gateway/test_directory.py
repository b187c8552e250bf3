"""The directory against real workers: found, lost, replaced.

All in one event loop: gRPC's asyncio side bears no second one in a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from telegrad_proto.errors import CapacityError, ServerUnavailableError, SessionNotFoundError
from telegrad_server.core import registry
from telegrad_server.gateway.directory import Directory
from tests.server.fakes import FakeWorker, converse, fake_worker, opening, raw_channel


class Fleet:
    """Places that the test moves."""

    def __init__(self, **places: str) -> None:
        self.places: dict[str, str] = places
        self.replaced = asyncio.Queue[str]()
        self.broken = False

    async def locate(self) -> Mapping[str, str]:
        if self.broken:
            raise ConnectionError("the place of the places is gone")
        return self.places

    async def replace(self, slot: str) -> None:
        await self.replaced.put(slot)

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
    directory.placed("two")
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

    # One dies. At first it may be a hiccup; then it is replaced, once.
    one.server.stop()
    for _ in range(registry.SUSPECT_AFTER_FAILURES):
        assert fleet.replaced.empty()
        await directory.refresh()
    assert await asyncio.wait_for(fleet.replaced.get(), 10) == "one"
    await directory.refresh()
    assert fleet.replaced.empty()
    assert directory.ready, "the other one"
    with pytest.raises(ServerUnavailableError, match="one dead"):
        directory.holder("stranger.0")

    # It leaves the fleet.
    del fleet.places["one"]
    await directory.refresh()
    with pytest.raises(SessionNotFoundError):
        directory.holder("stranger.0")

    # Watching goes on by itself.
    watching = asyncio.ensure_future(directory.watch())
    await directory.looked()
    watching.cancel()
    await directory.close()


def test_the_life_of_two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "DEAD_AFTER_S", 0.0)
    with fake_worker(max_sessions=2) as one, fake_worker(max_sessions=2) as two:
        asyncio.run(story(one, two))
