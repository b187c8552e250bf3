"""Starts, finds and ends worker processes as Ray actors."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
from typing import Any, Final

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import (
    NodeAffinitySchedulingStrategy,
    NodeLabelSchedulingStrategy,
    NotIn,
)

from telegrad_server.cluster.actor import Whereabouts, WorkerActor
from telegrad_server.cluster.nodes import TOKEN_BYTES, Nodes, look_around
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

NAMESPACE: Final = "telegrad"

_NAME: Final = re.compile(r"worker-\d+")
_ASK_S: Final = 5.0


class RayHands:
    """Worker actors by name. Each is detached: it outlives whoever had it started.

    None is restarted by Ray, which would do so under the same name, empty, and without a pause however often
    it dies.

    Args:
        settings: how each worker serves.
        insecure: whether it may listen on an address that other machines reach, without a token.
    """

    def __init__(self, settings: WorkerSettings, *, insecure: bool) -> None:
        self._settings = settings
        self._insecure = insecure
        self._actors: dict[str, Any] = {}
        self._whereabouts: dict[str, Whereabouts] = {}
        self._node_id = ray.get_runtime_context().get_node_id()

    async def start(self, name: str, *, spare: bool) -> str:
        """The address of a new worker, once it listens.

        A spare stands beside a worker, or where one could stand, and takes no CPU there in Ray's books: where
        all are taken it would wait for ever. A node that does not answer is avoided where there is another.

        Raises:
            RayError: it could not be placed or failed to start.
        """
        gpu = self._settings.device.startswith("cuda")
        options = ray.remote(WorkerActor).options(
            name=name,
            namespace=NAMESPACE,
            lifetime="detached",
            num_cpus=0 if spare else 1,
            num_gpus=1 if gpu else 0,
            memory=TOKEN_BYTES if spare else None,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=self._strategy(await look_around("GPU" if gpu else "CPU"), spare=spare),
        )
        # Ray asks its head for the name: not on the event loop, which must go on to watch the others.
        self._actors[name] = await asyncio.to_thread(options.remote, self._settings, insecure=self._insecure)
        return await self._locate(name)

    async def find(self) -> list[tuple[str, str]]:
        """Name and address of every worker that was started before, in the order of their numbers."""
        names = await asyncio.to_thread(ray.util.list_named_actors)
        found = []
        for name in sorted((n for n in names if _NAME.fullmatch(n)), key=lambda n: int(n.rpartition("-")[2])):
            try:
                self._actors[name] = await asyncio.to_thread(ray.get_actor, name, NAMESPACE)
                found.append((name, await asyncio.wait_for(self._locate(name), _ASK_S)))
            except (RayError, ValueError, TimeoutError) as error:
                _log.warning("%s of an earlier supervisor is ended: %r", name, error)
                await self.kill(name)
        return found

    async def kill(self, name: str) -> None:
        """Ends a worker's process at once, or what there is of it."""
        actor = self._actors.pop(name, None)
        where = self._whereabouts.pop(name, None)
        if where is not None and where.node_id == self._node_id:
            # Ray asks the process itself first, and waits: one that is frozen does not answer.
            with contextlib.suppress(ProcessLookupError):
                os.kill(where.pid, signal.SIGKILL)
        if actor is not None:
            await asyncio.to_thread(ray.kill, actor)

    def _strategy(
        self, nodes: Nodes, *, spare: bool
    ) -> str | NodeAffinitySchedulingStrategy | NodeLabelSchedulingStrategy:
        if spare:
            # By name: what takes no CPU, Ray would also place where there is none.
            taken = [where.node_id for where in self._whereabouts.values()]
            chosen = [node for node in (*taken, *nodes.fit) if node not in nodes.mute] or list(nodes.fit)
            if chosen:
                return NodeAffinitySchedulingStrategy(chosen[0], soft=True)
        if nodes.mute:
            return NodeLabelSchedulingStrategy(hard={}, soft={"ray.io/node-id": NotIn(*nodes.mute)})
        return "SPREAD"

    async def _locate(self, name: str) -> str:
        answer = self._actors[name].whereabouts.remote().future()
        where: Whereabouts = await asyncio.wrap_future(answer)
        self._whereabouts[name] = where
        return where.address
