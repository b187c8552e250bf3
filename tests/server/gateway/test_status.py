"""What a gateway tells of its workers: alone, and with a supervisor behind it. All in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from telegrad_proto import __version__
from telegrad_proto.errors import ArgumentError, ServerUnavailableError
from telegrad_proto.v1 import cluster_pb2
from telegrad_server.gateway.directory import Directory
from telegrad_server.gateway.status import ClusterService
from tests.server.fakes import FakeWorker, converse, fake_worker, opening, raw_channel

CONTEXT: Any = None


class Fleet:
    """Workers, and what a supervisor would say of them."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = dict(places)
        self.said: cluster_pb2.StatusReply | None = None
        self.drained: list[str] = []
        self.trouble = ""

    async def locate(self) -> Mapping[str, str]:
        return self.places

    async def hurry(self) -> None: ...

    async def status(self) -> cluster_pb2.StatusReply | None:
        return self.said

    async def drain(self, slot: str) -> bool:
        self.drained.append(slot)
        return self.said is not None

    async def close(self) -> None: ...


async def story(one: FakeWorker, two: FakeWorker) -> None:
    fleet = Fleet({"worker-0": one.address, "worker-1": two.address})
    directory = Directory(fleet)
    service = ClusterService(directory, 2.0)
    await directory.refresh()

    # Nobody supervises: the gateway tells what it sees.
    status = await service.status(cluster_pb2.StatusRequest(), CONTEXT)
    assert [(w.worker, w.state, w.pulse.sessions) for w in status.workers] == [
        ("worker-0", "ready", 1),
        ("worker-1", "ready", 0),
    ]
    assert (status.supervised, status.server_version) == (False, __version__)
    sessions = await service.sessions(cluster_pb2.SessionsRequest(), CONTEXT)
    assert [(s.worker, s.session.attached) for s in sessions.sessions] == [("worker-0", False)]
    with pytest.raises(ArgumentError, match="worker-0, worker-1"):
        await service.drain(cluster_pb2.DrainRequest(worker="worker-7"), CONTEXT)

    # A drain goes to the worker itself, which is gone then.
    reply = await service.drain(cluster_pb2.DrainRequest(worker="worker-0"), CONTEXT)
    assert reply.sessions == 1
    while await directory.prober.beat(one.address) != "gone":
        pass
    sessions = await service.sessions(cluster_pb2.SessionsRequest(), CONTEXT)
    assert list(sessions.silent) == ["worker-0"]
    with pytest.raises(ServerUnavailableError):
        await service.drain(cluster_pb2.DrainRequest(worker="worker-0"), CONTEXT)

    # A supervisor knows more, and has drains done its own way.
    fleet.said = cluster_pb2.StatusReply(supervised=True, desired=2)
    assert (await service.status(cluster_pb2.StatusRequest(), CONTEXT)).desired == 2
    await service.drain(cluster_pb2.DrainRequest(worker="worker-1"), CONTEXT)
    assert fleet.drained[-1] == "worker-1"
    await directory.close()


def test_status_sessions_and_drain() -> None:
    with fake_worker() as one, fake_worker() as two:
        with raw_channel(one.address) as channel:
            converse(channel, [opening()])
        asyncio.run(story(one, two))
