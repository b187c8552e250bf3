"""What a gateway asks the supervisor, played without Ray. With Ray: test_launch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError

from telegrad_proto.v1 import cluster_pb2
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
    def __init__(self, answer: Callable[..., Any]) -> None:
        self._answer = answer

    def remote(self, *arguments: object) -> Reference:
        return Reference(self._answer(*arguments))


class Supervisor:
    """An actor that gives what the test sets: an answer, an error, or (None) no answer at all."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.calls: list[tuple[object, ...]] = []
        for name in ("places", "hurry", "status", "drain", "stop", "first"):
            setattr(self, name, Method(lambda *arguments, name=name: self._note(name, *arguments)))

    def _note(self, *call: object) -> Any:
        self.calls.append(call)
        return self.answer


def test_the_last_known_places_stand_until_there_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ASK_S", 0.01)
    supervisor = Supervisor()
    fleet = RayFleet(supervisor, owned=False, grace_s=1)

    async def story() -> None:
        assert await fleet.locate() == {}
        supervisor.answer = {"worker-0": "host:1"}
        assert await fleet.locate() == {"worker-0": "host:1"}
        supervisor.answer = RayActorError()  # it is started again
        assert await fleet.locate() == {"worker-0": "host:1"}
        assert await fleet.status() is None
        assert not await fleet.drain("worker-0")
        supervisor.answer = {"worker-7": "host:9"}
        assert await fleet.locate() == {"worker-7": "host:9"}
        supervisor.answer = cluster_pb2.StatusReply(desired=3).SerializeToString()
        status = await fleet.status()
        assert status is not None
        assert status.desired == 3
        supervisor.answer = True
        assert await fleet.drain("worker-7")
        await fleet.hurry()
        assert supervisor.calls[-2:] == [("drain", "worker-7"), ("hurry",)]

    asyncio.run(story())


def test_only_the_owner_ends_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[object] = []
    monkeypatch.setattr(ray, "kill", killed.append)
    supervisor = Supervisor()
    supervisor.answer = True

    async def story() -> None:
        await RayFleet(supervisor, owned=False, grace_s=1).close()
        assert (supervisor.calls, killed) == ([], []), "other gateways use them"
        await RayFleet(supervisor, owned=True, grace_s=1).close()
        assert (supervisor.calls, killed) == ([("stop", 1)], [supervisor])

    asyncio.run(story())


def first(answer: object) -> Callable[[object], object]:
    def get(_: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return get


def test_a_worker_that_serves_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get", first(None))
    supervisor = Supervisor()
    wait_for_any(supervisor, 5)
    assert supervisor.calls == [("first", 5)]


def test_nothing_placed_is_said_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get", first(""))
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 0.0})
    with pytest.raises(RuntimeError, match=r"placed no worker within 5 s.*'CPU': 0.0"):
        wait_for_any(Supervisor(), 5)


@pytest.mark.parametrize("answer", ["no CuPy here", RayActorError(error_msg="a traceback\nno CuPy here")])
def test_a_worker_that_cannot_start_is_said_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(ray, "get", first(answer))
    with pytest.raises(RuntimeError, match=r"did not start.*no CuPy here"):
        wait_for_any(Supervisor(), 5)
