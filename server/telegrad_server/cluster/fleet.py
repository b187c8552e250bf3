"""The workers on Ray, as a gateway sees them: through their supervisor."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Final, Protocol

from telegrad_proto.v1 import cluster_pb2
from telegrad_server.cluster.link import LinkError

_log = logging.getLogger("telegrad.server")

_ASK_S: Final = 1.5


class Asked(Protocol):
    """What knows the supervisor."""

    @property
    def trouble(self) -> str:
        """Why it cannot be asked at the moment; empty where it can."""

    def ask(self, name: str, *arguments: object) -> Future[Any]:
        """The answer to come, which may also be a LinkError."""


class RayFleet:
    """Asks the supervisor.

    Args:
        link: the way there.
        owned: whether it ends with this process, with all workers; otherwise other gateways use them too.
        grace_s: how long owned workers may take to end in order.
    """

    def __init__(self, link: Asked, *, owned: bool, grace_s: float) -> None:
        self._link = link
        self._owned = owned
        self._grace_s = grace_s
        self._places: dict[str, str] = {}
        self._told = ""

    @property
    def trouble(self) -> str:
        """Why the workers' supervisor cannot be asked; empty where it can."""
        return self._link.trouble

    async def locate(self) -> Mapping[str, str]:
        """The workers' addresses by name; while the supervisor is started again, the last known."""
        try:
            self._places = await self._ask("places")
        except (LinkError, TimeoutError) as error:
            if self._told != repr(error):
                self._told = repr(error)
                _log.warning("the supervisor does not answer: %r", error)
        else:
            self._told = ""
        return self._places

    async def hurry(self) -> None:
        """Has the supervisor look at the workers now."""
        self._link.ask("hurry")

    async def status(self) -> cluster_pb2.StatusReply | None:
        """What the supervisor knows; None while it does not answer."""
        try:
            return cluster_pb2.StatusReply.FromString(base64.b64decode(await self._ask("status")))
        except (LinkError, TimeoutError):
            return None

    async def drain(self, slot: str) -> bool:
        """Has the supervisor drain a worker and start a successor; False where it does not answer."""
        try:
            return bool(await self._ask("drain", slot))
        except (LinkError, TimeoutError):
            return False

    async def close(self) -> None:
        """Ends the workers and their supervisor, if they are owned."""
        if not self._owned:
            return
        stopped = asyncio.wrap_future(self._link.ask("stop", self._grace_s))
        await asyncio.wait([stopped], timeout=self._grace_s + _ASK_S)
        if stopped.done():
            stopped.exception()  # if it failed: it ends with Ray

    async def _ask(self, name: str, *arguments: object) -> Any:
        return await asyncio.wait_for(asyncio.wrap_future(self._link.ask(name, *arguments)), _ASK_S)
