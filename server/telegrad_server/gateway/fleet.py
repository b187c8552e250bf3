"""Where a gateway's workers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Fleet(Protocol):
    """The workers behind a gateway."""

    async def locate(self) -> Mapping[str, str]:
        """Every worker's slot, with its address as far as it is known now."""

    async def replace(self, slot: str) -> None:
        """Kills and restarts a worker that does not answer, where that is in the fleet's power."""

    async def close(self) -> None:
        """Lets go of the workers."""


class StaticFleet:
    """Workers at addresses that somebody else looks after."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = {address: address for address in addresses}

    async def locate(self) -> Mapping[str, str]:
        """The addresses, each its own slot."""
        return self._addresses

    async def replace(self, slot: str) -> None:
        """Nothing: who started it restarts it."""

    async def close(self) -> None:
        """Nothing."""
