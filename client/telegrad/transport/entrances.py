"""The addresses at which a service can be reached: any of them leads to every session."""

from __future__ import annotations

from typing import Final

from telegrad_proto.errors import ArgumentError

_LAST_PORT: Final = 65535


def addresses_in(address: str) -> list[str]:
    """The addresses in "host:port", or in several with commas between.

    Raises:
        ArgumentError: one is no "host:port".
    """
    # Who writes a notebook is told by no type checker that a number is none.
    parts = [part.strip() for part in str(address).split(",")]
    for part in parts:
        host, _, port = part.rpartition(":")
        if not (host and port.isdecimal() and 0 < int(port) <= _LAST_PORT):
            raise ArgumentError(f"connect: requires an address as host:port, got {part!r}")
    return parts


class Entrances:
    """Addresses, one of them in use.

    Args:
        address: "host:port", or several with commas between.

    Raises:
        ArgumentError: one is no "host:port".
    """

    def __init__(self, address: str) -> None:
        self._addresses: Final = addresses_in(address)
        self._at = 0
        self._turns = 0

    @property
    def more(self) -> bool:
        """Whether there is one that was never in use."""
        return self._turns < len(self._addresses)

    @property
    def current(self) -> str:
        """The one in use."""
        return self._addresses[self._at]

    def after(self, address: str) -> str:
        """Where to go on when nothing answers at an address: the next entrance, or from a place that is none
        back to the one in use.
        """
        if address == self.current:
            self._turns += 1
            self._at = (self._at + 1) % len(self._addresses)
        return self.current
