"""How calls of programs travel: what every way to an engine offers beside its session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from telegrad.wire.convert import NDArray
    from telegrad_proto.program import Blueprint

    Arrays = list[NDArray]


class Calls(Protocol):
    """Calls programs. A call is pure: it may be made again. Any number of threads may use it at once."""

    def call(
        self,
        blueprint: Blueprint,
        raw: bytes,
        mode: str,
        wrt: Sequence[int],
        arrays: Sequence[NDArray],
        *,
        timeout_s: float | None = None,
    ) -> tuple[Arrays, Arrays]:
        """The outputs, and what the mode adds.

        Args:
            blueprint: the program.
            raw: its bytes, for whoever does not know it yet.
            mode: "value", "value_and_grad", "vjp", "jvp" or "per_sample".
            wrt: positions of the inputs to differentiate by.
            arrays: the inputs, then cotangents or tangents.
            timeout_s: the longest that computing may take; None: as long as it takes.

        Raises:
            TelegradError: it cannot be computed.
            ServerUnavailableError: no server answered in time.
        """

    def close(self) -> None:
        """Ends connections."""
