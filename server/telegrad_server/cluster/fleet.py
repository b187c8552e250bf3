"""The workers on Ray: created or found by name, asked for their addresses, replaced when they are dead."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import ray
from ray.exceptions import RayError

from telegrad_server.cluster.actor import WorkerActor
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

NAMESPACE: Final = "telegrad"
_ASK_S: Final = 1.0


class RayFleet:
    """Worker actors.

    Args:
        actors: by slot.
        owned: whether they end with this process; otherwise other gateways use them too.
        grace_s: how long an owned worker may take to end in order.
    """

    def __init__(self, actors: Mapping[str, Any], *, owned: bool, grace_s: float) -> None:
        self._actors = actors
        self._owned = owned
        self._grace_s = grace_s
        self._addresses: dict[str, str] = {}

    async def locate(self) -> Mapping[str, str]:
        """Every slot with the address that its actor gave last; a restarted one has another."""
        await asyncio.gather(*(self._ask(slot, actor) for slot, actor in self._actors.items()))
        return self._addresses

    async def replace(self, slot: str) -> None:
        """Kills the actor's process; Ray starts it again, empty."""
        await asyncio.to_thread(ray.kill, self._actors[slot], no_restart=False)

    async def close(self) -> None:
        """Ends the owned workers."""
        if not self._owned:
            return
        drained = [asyncio.wrap_future(a.drain.remote(self._grace_s).future()) for a in self._actors.values()]
        await asyncio.wait(drained, timeout=self._grace_s)
        for actor in self._actors.values():
            ray.kill(actor)

    async def _ask(self, slot: str, actor: Any) -> None:
        try:
            answer = asyncio.wrap_future(actor.address.remote().future())
            self._addresses[slot] = await asyncio.wait_for(answer, _ASK_S)
        except (RayError, TimeoutError) as error:
            # It restarts, or hangs: the probes at its last address will tell.
            _log.info("worker %s does not tell its address: %r", slot, error)


def start_workers(settings: WorkerSettings, count: int, *, owned: bool, insecure: bool) -> dict[str, Any]:
    """The actors by slot, made or, in a cluster that others use too, found by their names.

    Ray restarts a worker that dies, but never repeats a call on it: its sessions are lost, not half there.
    """
    gpu = settings.device.startswith("cuda")
    remote = ray.remote(WorkerActor)
    actors = {}
    for number in range(count):
        slot = f"worker-{number}"
        actors[slot] = remote.options(
            name=slot,
            namespace=NAMESPACE,
            get_if_exists=True,
            lifetime=None if owned else "detached",
            num_cpus=1,
            num_gpus=1 if gpu else 0,
            max_restarts=-1,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        ).remote(settings, insecure=insecure)
    return actors


def wait_for_any(actors: Sequence[Any], timeout_s: float) -> None:
    """Returns when a worker serves.

    Raises:
        RuntimeError: none could be placed in time, or one failed to start, with Ray's reason.
    """
    pending = [actor.address.remote() for actor in actors]
    ready, _ = ray.wait(pending, num_returns=1, timeout=timeout_s)
    if not ready:
        raise RuntimeError(
            f"Ray placed no worker within {timeout_s:g} s; each needs a CPU (and a GPU on cuda), "
            f"and the cluster has {ray.available_resources()} left"
        )
    try:
        ray.get(ready)
    except RayError as error:
        # Ray's text is the worker's whole traceback; its last line is the reason.
        reason = str(error).strip().splitlines()[-1].strip()
        raise RuntimeError(f"a worker did not start: {reason}") from error
