"""Where a session computes, and how much it may hold there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telegrad_engine.plan.compiler import Plan, PlanCache
from telegrad_engine.runtime.backend import Backend
from telegrad_engine.runtime.executor import Interrupt, Values, run, take_steps
from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.errors import OutOfMemoryError
from telegrad_proto.ir import Ledger


@dataclass(frozen=True, slots=True)
class Device:
    """Where and within which bounds to compute.

    Attributes:
        backend: the array module.
        plans: plans made before.
        ledger: what the session holds.
        limit_bytes: what it may hold; 0: no bound.
        gauge: what it has in common with the other sessions of its process, if anything.
        relief: lets go of what the session can compute again, at least so many bytes if there are; how many
            it were.
    """

    backend: Backend
    plans: PlanCache
    ledger: Ledger
    limit_bytes: int = 0
    gauge: Gauge | None = None
    relief: Callable[[int], int] | None = None

    def run(self, plan: Plan, values: Values, interrupt: Interrupt) -> list[Any]:
        """The slots after the plan's last step; see `executor.run`."""
        if self.gauge is None:
            return run(plan, values, self.backend, interrupt)
        with self.gauge.evaluating(interrupt):
            return run(plan, values, self.backend, interrupt)

    def take_steps(self, plan: Plan, slots: list[Any], interrupt: Interrupt) -> None:
        """Fills the slots, of which those that the plan loads are filled; see `executor.take_steps`."""
        if self.gauge is None:
            take_steps(plan, slots, self.backend, interrupt)
            return
        with self.gauge.evaluating(interrupt):
            take_steps(plan, slots, self.backend, interrupt)

    def room_bytes(self) -> int | None:
        """How much more may be held, by this session and by all of its process; None: no bound."""
        gauge = self.gauge
        if not self.limit_bytes and (gauge is None or not gauge.limit_bytes):
            return None
        rooms = [self.limit_bytes - self.ledger.held_bytes] if self.limit_bytes else []
        if gauge is not None and gauge.limit_bytes:
            rooms.append(gauge.limit_bytes - gauge.held_bytes)
        return max(min(rooms), 0)

    def check_room(self, size_bytes: int, what: str, waiting_bytes: int = 0) -> None:
        """Nothing, where so much more may be held.

        Args:
            size_bytes: how much more.
            what: begins the text of the error.
            waiting_bytes: announced by others, and not held yet.

        Raises:
            OutOfMemoryError: it would be too much for the session, or for its process.
        """
        room = self.room_bytes()
        over = 0 if room is None else waiting_bytes + size_bytes - room
        if over > 0 and self.relief is not None:
            self.relief(over)
        held, limit, gauge = self.ledger.held_bytes, self.limit_bytes, self.gauge
        if limit and held + waiting_bytes + size_bytes > limit:
            waits = f"waits for {waiting_bytes}, " if waiting_bytes else ""
            raise OutOfMemoryError(
                f"{what}: the session may hold {limit} bytes, holds {held}, {waits}needs {size_bytes} more"
            )
        if gauge is not None and gauge.limit_bytes:
            together = gauge.held_bytes
            if together + waiting_bytes + size_bytes > gauge.limit_bytes:
                raise OutOfMemoryError(
                    f"{what}: the sessions of this worker may hold {gauge.limit_bytes} bytes together, hold "
                    f"{together}, and {size_bytes} more are needed"
                )
