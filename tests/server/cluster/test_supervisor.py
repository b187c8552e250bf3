"""The supervisor's class without Ray: its thread, its questions from others. With Ray: test_launch."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from telegrad_proto.v1.cluster_pb2 import StatusReply
from telegrad_server.cluster import supervisor as module
from telegrad_server.cluster.supervisor import SupervisorActor, start_supervisor
from telegrad_server.core.supervision import Policy
from telegrad_server.worker.server import WorkerSettings
from tests.server import fakes

#: A node as Ray names them.
NODE = "0f" * 28


class Hands(fakes.Hands):
    """Also finds what an earlier supervisor left."""

    left_behind: int = 0

    def __init__(self, settings: WorkerSettings, *, insecure: bool) -> None:
        super().__init__()
        assert not insecure

    async def find(self) -> list[tuple[str, str]]:
        names = [f"worker-{number + 4}" for number in range(self.left_behind)]
        return [(name, await self.start(name, spare=False)) for name in names]


def status_when(actor: SupervisorActor, holds: Callable[[StatusReply], bool]) -> StatusReply:
    deadline = time.monotonic() + 60
    while not holds(status := StatusReply.FromString(actor.status())):
        assert time.monotonic() < deadline, status
        actor.hurry()
    return status


def states(status: StatusReply) -> dict[str, str]:
    return {w.worker: w.state for w in status.workers}


@pytest.mark.parametrize("left_behind", [0, 2])
def test_it_answers_while_it_watches(monkeypatch: pytest.MonkeyPatch, left_behind: int) -> None:
    monkeypatch.setattr(module, "RayHands", Hands)
    monkeypatch.setattr(Hands, "left_behind", left_behind)
    actor = SupervisorActor(Policy(2, 2), WorkerSettings(), insecure=False)
    assert actor.first(60.0) is None
    first = left_behind and 4
    names = [f"worker-{first}", f"worker-{first + 1}"]
    status_when(actor, lambda s: states(s) == dict.fromkeys(names, "ready"))
    assert list(actor.places()) == names
    assert actor.drain(names[0])
    assert not actor.drain("worker-9")
    status_when(actor, lambda s: states(s) == {names[1]: "ready", f"worker-{first + 2}": "ready"})
    actor.resize(Policy(1, 1, 1))
    status_when(actor, lambda s: sorted(states(s).values()) == ["ready", "spare"])
    actor.stop(5.0)


def test_it_stands_beside_the_gateway_and_outlives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: dict[str, Any] = {}

    def options(**given: Any) -> Any:
        wanted.update(given)
        return SimpleNamespace(remote=lambda *_, **__: "the actor")

    monkeypatch.setattr(ray, "remote", lambda _: SimpleNamespace(options=options))
    monkeypatch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(get_node_id=lambda: NODE))
    assert start_supervisor(Policy(1, 1), WorkerSettings(), insecure=False) == "the actor"
    assert (wanted["lifetime"], wanted["max_restarts"], wanted["max_task_retries"]) == ("detached", -1, 0)
    assert wanted["memory"] == 1, "Ray would ignore the node"
    assert (wanted["scheduling_strategy"].node_id, wanted["scheduling_strategy"].soft) == (NODE, True)
