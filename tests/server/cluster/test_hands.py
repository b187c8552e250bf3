"""What is asked of Ray to start, find and end a worker, played without it. With Ray: test_launch."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, NodeLabelSchedulingStrategy

from telegrad_server.cluster import hands as module
from telegrad_server.cluster.actor import Whereabouts
from telegrad_server.cluster.hands import RayHands
from telegrad_server.cluster.nodes import Nodes
from telegrad_server.worker.server import WorkerSettings

#: A node as Ray names them.
OTHER = "0f" * 28
THIRD = "f0" * 28


class Actor:
    """An actor that says where it is, or fails to."""

    def __init__(self, where: Whereabouts | Exception) -> None:
        self._where = where
        self.whereabouts = SimpleNamespace(remote=lambda: SimpleNamespace(future=self._answer))

    def _answer(self) -> Future[Whereabouts]:
        future: Future[Whereabouts] = Future()
        if isinstance(self._where, Exception):
            future.set_exception(self._where)
        else:
            future.set_result(self._where)
        return future


class Ray:
    """Takes note of what it is asked for.

    Attributes:
        named: the actors by name.
        wanted: the options of each start.
        nodes: which there are, and which of them do not answer.
        killed: the actors that were ended.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.named: dict[str, Actor] = {}
        self.wanted: list[dict[str, Any]] = []
        self.killed: list[Actor] = []
        self.nodes = Nodes()

        async def look_around(_kind: str) -> Nodes:
            return self.nodes

        monkeypatch.setattr(module, "look_around", look_around)
        self.where: Whereabouts | Exception = Whereabouts("host:1", OTHER, 1)
        context = SimpleNamespace(get_node_id=lambda: "this node")
        monkeypatch.setattr(ray, "get_runtime_context", lambda: context)
        monkeypatch.setattr(ray, "remote", lambda _: SimpleNamespace(options=self._options))
        monkeypatch.setattr(ray, "kill", self.killed.append)
        monkeypatch.setattr(ray.util, "list_named_actors", lambda: list(self.named))
        monkeypatch.setattr(ray, "get_actor", lambda name, _: self.named[name])

    def _options(self, **options: Any) -> Any:
        self.wanted.append(options)
        actor = self.named[options["name"]] = Actor(self.where)
        return SimpleNamespace(remote=lambda *_, **__: actor)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Ray:
    return Ray(monkeypatch)


def hands(device: str = "cpu") -> RayHands:
    return RayHands(WorkerSettings(device=device), insecure=False)


def test_a_worker_outlives_everybody_and_is_never_restarted(cluster: Ray) -> None:
    assert asyncio.run(hands().start("worker-0", spare=False)) == "host:1"
    (options,) = cluster.wanted
    assert (options["lifetime"], options["max_restarts"], options["max_task_retries"]) == ("detached", 0, 0)
    assert (options["num_cpus"], options["num_gpus"], options["scheduling_strategy"]) == (1, 0, "SPREAD")
    asyncio.run(hands("cuda").start("worker-1", spare=False))
    assert cluster.wanted[-1]["num_gpus"] == 1


def test_a_spare_takes_no_cpu_and_stands_beside_a_worker(cluster: Ray) -> None:
    async def story() -> None:
        one = hands()
        await one.start("worker-0", spare=False)
        await one.start("worker-1", spare=True)

    asyncio.run(story())
    strategy = cluster.wanted[-1]["scheduling_strategy"]
    assert (cluster.wanted[-1]["num_cpus"], cluster.wanted[-1]["memory"]) == (0, 1), (
        "Ray would ignore the node"
    )
    assert isinstance(strategy, NodeAffinitySchedulingStrategy)
    assert strategy.node_id == OTHER


def test_a_spare_before_any_worker_stands_where_one_could(cluster: Ray) -> None:
    for nodes, chosen in (
        (Nodes(fit=(OTHER, THIRD), mute=(OTHER,)), THIRD),
        (Nodes(fit=(OTHER, THIRD), mute=(OTHER, THIRD)), OTHER),
    ):
        cluster.nodes = nodes
        asyncio.run(hands().start("worker-0", spare=True))
        strategy = cluster.wanted[-1]["scheduling_strategy"]
        assert isinstance(strategy, NodeAffinitySchedulingStrategy)
        assert strategy.node_id == chosen


def test_a_node_that_does_not_answer_is_avoided(cluster: Ray) -> None:
    async def story() -> None:
        one = hands()
        await one.start("worker-0", spare=False)
        cluster.nodes = Nodes(mute=(OTHER,))
        await one.start("worker-1", spare=False)
        await one.start("worker-2", spare=True)

    asyncio.run(story())
    for options in cluster.wanted[1:]:
        strategy = options["scheduling_strategy"]
        assert isinstance(strategy, NodeLabelSchedulingStrategy)
        (avoided,) = strategy.soft
        assert (strategy.hard, avoided.operator.values) == ([], [OTHER])


def test_one_that_fails_to_start_says_why(cluster: Ray) -> None:
    cluster.where = RayActorError(error_msg="no CuPy here")
    with pytest.raises(RayActorError, match="no CuPy here"):
        asyncio.run(hands().start("worker-0", spare=False))


def test_those_of_an_earlier_supervisor_are_found_in_order_and_the_mute_ended(cluster: Ray) -> None:
    for number in (10, 2, 3):
        cluster.named[f"worker-{number}"] = Actor(Whereabouts(f"host:{number}", "a node", number))
    mute = cluster.named["worker-4"] = Actor(RayActorError())
    cluster.named["somebody else"] = Actor(RayActorError())
    assert asyncio.run(hands().find()) == [
        ("worker-2", "host:2"),
        ("worker-3", "host:3"),
        ("worker-10", "host:10"),
    ]
    assert cluster.killed == [mute]


def test_a_frozen_process_of_this_machine_is_ended_directly(cluster: Ray) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        os.kill(process.pid, signal.SIGSTOP)
        cluster.where = Whereabouts("host:1", "this node", process.pid)

        async def story() -> None:
            one = hands()
            await one.start("worker-0", spare=False)
            await one.kill("worker-0")
            await one.kill("worker-0")

        asyncio.run(story())
        assert process.wait(60) == -signal.SIGKILL
    assert cluster.killed == [cluster.named["worker-0"]]
