"""What a gateway asks the supervisor, with the link played. With Ray: test_launch."""

from __future__ import annotations

import asyncio
import base64
import logging
from concurrent.futures import Future
from typing import Any

import pytest

from telegrad_proto.v1 import cluster_pb2
from telegrad_server.cluster import fleet as module
from telegrad_server.cluster.fleet import RayFleet
from telegrad_server.cluster.link import LinkError


class Link:
    """Gives what the test sets: an answer, an error, or (None) no answer at all."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.trouble = ""
        self.calls: list[tuple[object, ...]] = []

    def ask(self, name: str, *arguments: object) -> Future[Any]:
        self.calls.append((name, *arguments))
        future: Future[Any] = Future()
        if isinstance(self.answer, Exception):
            future.set_exception(self.answer)
        elif self.answer is not None:
            future.set_result(self.answer)
        return future


def test_the_last_known_places_stand_until_there_are_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_ASK_S", 0.01)
    link = Link()
    fleet = RayFleet(link, owned=False, grace_s=1)

    async def story() -> None:
        assert await fleet.locate() == {}
        link.answer = {"worker-0": "host:1"}
        assert await fleet.locate() == {"worker-0": "host:1"}
        link.answer, link.trouble = LinkError("the head is gone"), "the head is gone"
        assert await fleet.locate() == {"worker-0": "host:1"}
        assert await fleet.locate() == {"worker-0": "host:1"}
        assert fleet.trouble == "the head is gone"
        assert await fleet.status() is None
        assert not await fleet.drain("worker-0")
        link.answer = {"worker-7": "host:9"}
        assert await fleet.locate() == {"worker-7": "host:9"}
        link.answer = base64.b64encode(cluster_pb2.StatusReply(desired=3).SerializeToString()).decode()
        status = await fleet.status()
        assert status is not None
        assert status.desired == 3
        link.answer = True
        assert await fleet.drain("worker-7")
        await fleet.hurry()
        assert link.calls[-2:] == [("drain", "worker-7"), ("hurry",)]

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert caplog.text.count("the head is gone") == 1, "said once, not twice a second"


def test_only_the_owner_ends_the_workers() -> None:
    link = Link()
    link.answer = True

    async def story() -> None:
        await RayFleet(link, owned=False, grace_s=1).close()
        assert link.calls == [], "other gateways use them"
        await RayFleet(link, owned=True, grace_s=1).close()
        assert link.calls == [("stop", 1)]
        link.answer = LinkError("it is gone already")
        await RayFleet(link, owned=True, grace_s=1).close()

    asyncio.run(story())
