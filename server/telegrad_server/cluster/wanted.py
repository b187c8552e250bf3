"""What an operator says about a cluster's workers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator says about the workers; None where nothing is said.

    Attributes:
        workers: how many.
        least: never fewer.
        most: never more.
        spares: idle ones that take the place of a lost one.
        device: on what.
    """

    workers: int | None = None
    least: int | None = None
    most: int | None = None
    spares: int | None = None
    device: str | None = None

    @property
    def sized(self) -> bool:
        """Whether anything is said about their number."""
        return any(n is not None for n in (self.workers, self.least, self.most, self.spares))
