"""What was sent, when and why: the log behind `telegrad.explain()`."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass
from time import time
from typing import Final

from telegrad.wire.callsite import Site, describe, source

#: Messages remembered.
_KEPT: Final = 1000


@dataclass(slots=True)
class Message:
    """One fragment and its outcome.

    Attributes:
        seq: its number.
        reason: look, backward, cell end, pending, flush.
        site: the user's line that caused it.
        nodes, leaves, backwards, fetches, demands, releases: how many entries of each kind it carried.
        sent_bytes, received_bytes: of the message itself, and of what was fetched apart.
        uploaded_bytes: arrays sent apart.
        fetched_bytes: of the arrays that came.
        took_s: from sending until the outcome was taken in; None before.
        execute_s: what of it the engine computed.
        plan_cached: whether the engine knew the plan; None where nothing was computed.
        error: class of the error that came back.
    """

    seq: int
    reason: str
    site: Site | None = None
    nodes: int = 0
    leaves: int = 0
    backwards: int = 0
    fetches: int = 0
    demands: int = 0
    releases: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    uploaded_bytes: int = 0
    fetched_bytes: int = 0
    took_s: float | None = None
    execute_s: float = 0.0
    plan_cached: bool | None = None
    error: str = ""
    at: float = 0.0


class Log:
    """The latest messages of a session.

    Attributes:
        messages: oldest first.
        count: how many were sent in all.
    """

    def __init__(self) -> None:
        self.messages: deque[Message] = deque(maxlen=_KEPT)
        self.count = 0

    def add(self, message: Message) -> None:
        message.at = time()
        self.messages.append(message)
        self.count += 1

    def table(self, last: int) -> str:
        """The latest messages as text, one a line."""
        return aligned([_HEAD, *(_row(message) for message in list(self.messages)[-last:])], left=_LEFT)


def aligned(rows: Sequence[Sequence[str]], *, left: Container[int]) -> str:
    """Rows of cells as text, one a line; the columns in `left` are flush left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(w) if i in left else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


_HEAD: Final = (
    "seq",
    "why",
    "nodes",
    "leaves",
    "backward",
    "fetched",
    "computed",
    "sent",
    "received",
    "ms",
    "plan",
    "line",
)
_LEFT: Final = (1, 10, 11)


def _row(message: Message) -> tuple[str, ...]:
    why = message.reason if not message.error else f"{message.reason}: {message.error}"
    took = "waiting" if message.took_s is None else f"{message.took_s * 1e3:.2f}"
    plan = {None: "", True: "known", False: "new"}[message.plan_cached]
    line = ""
    if message.site is not None:
        line = f"{describe(message.site)}  {source(message.site)}".strip()
    return (
        str(message.seq),
        why,
        str(message.nodes),
        str(message.leaves),
        str(message.backwards),
        str(message.fetches),
        str(message.demands),
        size_text(message.sent_bytes + message.uploaded_bytes),
        size_text(message.received_bytes),
        took,
        plan,
        line,
    )


def size_text(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def explain(last: int = 20) -> None:
    """Prints the latest messages of the current session: what was sent, when and why.

    A look at a value (print, `.item()`, `.numpy()`, `if`) sends what is pending and waits; `backward()` sends
    and does not wait; so does the end of a notebook cell.

    Args:
        last: how many messages to show.
    """
    from telegrad.config import current_session  # the session needs this module

    current = current_session()
    log = current.log
    pending = len(current.recorder.pending)
    print(f"{log.count} messages to {current.address}, {pending} operators recorded and not yet sent")
    if log.messages:
        print(log.table(last))
