"""What the server keeps in memory for backward passes to come: the list behind `telegrad.residuals()`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

from telegrad.explain import aligned, size_text
from telegrad.wire.callsite import describe, source
from telegrad_proto.spec import Spec

_HEAD: Final = ("bytes", "tensor", "made by", "decision", "reason", "line")
_LEFT: Final = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Residual:
    """One forward value that a derivative will read.

    Attributes:
        spec: shape and element type.
        op: the operator that made it; `leaf` for what came from here.
        nbytes: what it takes.
        decision: what the server does about it.
        reason: whose derivative reads it.
        line: the user's line that made it; empty where it is not remembered.
    """

    spec: Spec
    op: str
    nbytes: int
    decision: str
    reason: str
    line: str


class ResidualList(Sequence[Residual]):
    """The residuals of a session, the largest first; prints as a table."""

    def __init__(self, residuals: Sequence[Residual], held_bytes: int) -> None:
        self._residuals = tuple(sorted(residuals, key=lambda r: -r.nbytes))
        self.held_bytes = held_bytes

    @property
    def nbytes(self) -> int:
        """What the residuals take together."""
        return sum(r.nbytes for r in self._residuals)

    @overload
    def __getitem__(self, index: int) -> Residual: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Residual]: ...

    def __getitem__(self, index: int | slice) -> Residual | Sequence[Residual]:
        return self._residuals[index]

    def __len__(self) -> int:
        return len(self._residuals)

    def __iter__(self) -> Iterator[Residual]:
        return iter(self._residuals)

    def __repr__(self) -> str:
        head = (
            f"{len(self)} residuals, {size_text(self.nbytes)}, of {size_text(self.held_bytes)} "
            "that the session holds"
        )
        if not self._residuals:
            return head
        rows = [(size_text(r.nbytes), repr(r.spec), r.op, r.decision, r.reason, r.line) for r in self]
        return f"{head}\n{aligned([_HEAD, *rows], left=_LEFT)}"


def residuals() -> ResidualList:
    """What is kept between the forward passes that have been computed and their backward passes.

    What is recorded and not yet sent is sent first; nothing more is computed for the list's sake.
    """
    from telegrad.config import current_session  # the session needs this package
    from telegrad_proto.codec import decode_spec  # messages: importing telegrad need not wait for them

    current = current_session()
    current.wait(current.flush("residuals"))
    reply = current.transport.residuals()
    found = []
    for entry in reply.residuals:
        site = current.recorder.site_of(entry.value_id) if entry.op != "leaf" else None
        line = "" if site is None else f"{describe(site)}  {source(site)}".strip()
        spec = decode_spec(entry.spec)
        found.append(Residual(spec, entry.op, entry.size_bytes, entry.decision, entry.reason, line))
    return ResidualList(found, reply.held_bytes)
