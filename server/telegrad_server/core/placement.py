"""Where a new session goes: to a worker with room, where it has memory and company that leaves it time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A worker that may take a session.

    Attributes:
        slot: its name.
        sessions: how many it has.
        capacity: how many it can have.
        held_bytes: what its sessions hold.
        limit_bytes: what they may hold together; 0: no bound.
        running: how many of them compute at this moment.
    """

    slot: str
    sessions: int
    capacity: int
    held_bytes: int = 0
    limit_bytes: int = 0
    running: int = 0


def placement(candidates: Iterable[Candidate]) -> list[str]:
    """The workers that may take one more session, the best first.

    A session that lives already is no question of placement: it goes where its values are. What counts is the
    scarcest thing, room or memory, in steps of a quarter, so that a few bytes do not outweigh a running
    neighbour; then who computes at the moment; then who has fewer sessions.
    """
    ranked = []
    for one in candidates:
        if one.sessions >= one.capacity or (one.limit_bytes and one.held_bytes >= one.limit_bytes):
            continue
        memory = one.held_bytes / one.limit_bytes if one.limit_bytes else 0.0
        room = one.sessions / one.capacity
        ranked.append((int(4 * max(room, memory)), one.running, room, memory, one.slot))
    return [slot for *_, slot in sorted(ranked)]
