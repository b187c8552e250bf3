"""The workers on Ray, as a gateway sees them: through their supervisor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import ray
from ray.exceptions import RayError

from telegrad_proto.v1 import cluster_pb2

_log = logging.getLogger("telegrad.server")

_ASK_S: Final = 1.0


class RayFleet:
    """Asks the supervisor.

    Args:
        supervisor: the actor.
        owned: whether it ends with this process, with all workers; otherwise other gateways use them too.
        grace_s: how long owned workers may take to end in order.
    """

    def __init__(self, supervisor: Any, *, owned: bool, grace_s: float) -> None:
        self._supervisor = supervisor
        self._owned = owned
        self._grace_s = grace_s
        self._places: dict[str, str] = {}

    async def locate(self) -> Mapping[str, str]:
        """The workers' addresses by name; while the supervisor is started again, the last known."""
        try:
            self._places = await self._ask("places")
        except (RayError, TimeoutError) as error:
            _log.warning("the supervisor does not answer: %r", error)
        return self._places

    async def hurry(self) -> None:
        """Has the supervisor look at the workers now."""
        self._supervisor.hurry.remote()

    async def status(self) -> cluster_pb2.StatusReply | None:
        """What the supervisor knows; None while it does not answer."""
        try:
            return cluster_pb2.StatusReply.FromString(await self._ask("status"))
        except (RayError, TimeoutError):
            return None

    async def drain(self, slot: str) -> bool:
        """Has the supervisor drain a worker and start a successor; False where it does not answer."""
        try:
            return bool(await self._ask("drain", slot))
        except (RayError, TimeoutError):
            return False

    async def close(self) -> None:
        """Ends the workers and their supervisor, if they are owned."""
        if not self._owned:
            return
        stopped = asyncio.wrap_future(self._supervisor.stop.remote(self._grace_s).future())
        await asyncio.wait([stopped], timeout=self._grace_s + _ASK_S)
        ray.kill(self._supervisor)

    async def _ask(self, name: str, *arguments: object) -> Any:
        answer = getattr(self._supervisor, name).remote(*arguments).future()
        return await asyncio.wait_for(asyncio.wrap_future(answer), _ASK_S)


def wait_for_any(supervisor: Any, timeout_s: float) -> None:
    """Returns when a worker serves.

    Raises:
        RuntimeError: none could be placed in time, or one failed to start, with Ray's reason.
    """
    waiting = supervisor.first.remote(timeout_s)
    try:
        reason = ray.get(waiting)
    except RayError as error:
        reason = str(error).strip().splitlines()[-1].strip()
    if reason is None:
        return
    if reason:
        raise RuntimeError(f"a worker did not start: {reason}")
    raise RuntimeError(
        f"Ray placed no worker within {timeout_s:g} s; each needs a CPU (and a GPU on cuda), "
        f"and the cluster has {ray.available_resources()} left"
    )
