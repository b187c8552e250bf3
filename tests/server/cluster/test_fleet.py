"""The fleet's ways with actors, played without Ray. With Ray: test_launch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError

from telegrad_server.cluster import fleet as module
from telegrad_server.cluster.fleet import RayFleet, wait_for_any


class Reference:
    """What `remote` returns."""

    def __init__(self, outcome: Any) -> None:
        self._future: Future[Any] = Future()
        if isinstance(outcome, Exception):
            self._future.set_exception(outcome)
        elif outcome is not None:
            self._future.set_result(outcome)

    def future(self) -> Future[Any]:
        return self._future


class Method:
    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def remote(self, *_: object) -> Reference:
        return Reference(self._answer())


class Actor:
    """An actor that gives what the test sets: an address, an error, or (None) no answer at all."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.drained = 0
        self.address = Method(lambda: self.answer)
        self.drain = Method(self._drain)

    def _drain(self) -> bool:
        self.drained += 1
        return True


def test_the_last_known_address_stands_until_there_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ASK_S", 0.01)
    one, two = Actor("host:1"), Actor(None)
    fleet = RayFleet({"one": one, "two": two}, owned=False, grace_s=1)

    async def story() -> None:
        assert await fleet.locate() == {"one": "host:1"}
        one.answer, two.answer = RayActorError(), "host:2"
        assert await fleet.locate() == {"one": "host:1", "two": "host:2"}
        one.answer = "host:9"  # restarted elsewhere
        assert await fleet.locate() == {"one": "host:9", "two": "host:2"}

    asyncio.run(story())


def test_killing(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[Actor, bool]] = []
    monkeypatch.setattr(ray, "kill", lambda actor, no_restart=True: killed.append((actor, no_restart)))
    actor = Actor("host:1")
    mine = RayFleet({"one": actor}, owned=True, grace_s=1)
    shared = RayFleet({"one": actor}, owned=False, grace_s=1)

    async def story() -> None:
        await shared.replace("one")
        assert killed == [(actor, False)], "Ray starts it again"
        await shared.close()
        assert (len(killed), actor.drained) == (1, 0), "other gateways use it"
        await mine.close()
        assert (killed[1:], actor.drained) == ([(actor, True)], 1)

    asyncio.run(story())


def test_nothing_placed_is_said_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "wait", lambda refs, **_: ([], refs))
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 0.0})
    with pytest.raises(RuntimeError, match=r"placed no worker within 5 s.*'CPU': 0.0"):
        wait_for_any([Actor("host:1")], 5)


def test_a_worker_that_cannot_start_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(_: object) -> None:
        raise RayActorError(error_msg="no CuPy here")

    monkeypatch.setattr(ray, "wait", lambda refs, **_: (refs, []))
    monkeypatch.setattr(ray, "get", get)
    with pytest.raises(RuntimeError, match=r"did not start.*no CuPy here"):
        wait_for_any([Actor("host:1")], 5)
