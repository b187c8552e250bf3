"""Where a gateway's workers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from telegrad_proto.v1 import cluster_pb2


class Fleet(Protocol):
    """The workers behind a gateway."""

    @property
    def trouble(self) -> str:
        """Why nobody can say at the moment where the workers are; empty where somebody can."""

    async def locate(self) -> Mapping[str, str]:
        """Every worker that sessions may be on, with its address as far as it is known now."""

    async def hurry(self) -> None:
        """Has whoever looks after the workers look now: one did not answer."""

    async def status(self) -> cluster_pb2.StatusReply | None:
        """What whoever looks after the workers knows of them; None where nobody does."""

    async def drain(self, slot: str) -> bool:
        """Has a worker hand its sessions over to a successor; False where nobody can have that."""

    async def close(self) -> None:
        """Lets go of the workers."""


class StaticFleet:
    """Workers at addresses that somebody else looks after."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = {address: address for address in addresses}

    @property
    def trouble(self) -> str:
        """None: where they are was said at the start."""
        return ""

    async def locate(self) -> Mapping[str, str]:
        """The addresses, each its own slot."""
        return self._addresses

    async def hurry(self) -> None:
        """Nothing: who started them looks after them."""

    async def status(self) -> cluster_pb2.StatusReply | None:
        """Nothing is known beyond what the workers say."""
        return None

    async def drain(self, slot: str) -> bool:
        """Not here: the worker is told itself, and who started it starts another."""
        return False

    async def close(self) -> None:
        """Nothing."""
