"""Who owns a session: epochs, and where a session that was lost is taken up again.

A session's id is "worker.key". The key is its own for good; the worker changes when another one takes the
session up, and each time the epoch grows by one. An older epoch has lost: a worker that comes back from the
dead, and a client that was replaced, are told so and change nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from telegrad_proto.errors import SessionNotFoundError, StaleEpochError

#: Epoch of a session that nobody owned before.
FIRST: Final = 1

_KEY: Final = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client says when it opens a stream.

    Attributes:
        session_id: empty for a new session; ".key" for a named one, wherever it lives.
        epoch: as the client knows it; 0: it does not.
        client_id: tells one client from another.
        journal_seq: the first fragment that it can send again; 0: none.
        answered_seq: up to here it has every outcome.
    """

    session_id: str = ""
    epoch: int = 0
    client_id: bytes = b""
    journal_seq: int = 0
    answered_seq: int = 0

    @property
    def key(self) -> str:
        """What stays of the session's id, wherever it lives; empty for a new one, and for no id of ours."""
        key = self.session_id.partition(".")[2]
        return key if _KEY.fullmatch(key) else ""

    @property
    def named(self) -> bool:
        """Whether it looks for a session that it knows by name only."""
        return self.session_id.startswith(".")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has a session: its id there, its epoch, and the client that it serves."""

    session_id: str
    epoch: int
    client_id: bytes


Standing = Literal["resume", "take over", "replace"]


def standing(opening: Opening, live: Owner) -> Standing:
    """What an opening means for a session of its key that lives here.

    Returns:
        "resume": it is the client's own; "take over": it is, by name, for another client from now on;
        "replace": it is a leftover, and the session went on elsewhere since.

    Raises:
        StaleEpochError: the client is the leftover.
    """
    if opening.named and not opening.epoch:
        return "resume" if opening.client_id == live.client_id else "take over"
    own = opening.client_id == live.client_id
    if opening.epoch in (0, live.epoch) and opening.session_id == live.session_id and own:
        return "resume"
    if own and opening.epoch < live.epoch:
        return "resume"  # it was taken up here, and the client never heard of it
    if opening.epoch < live.epoch or opening.session_id == live.session_id:
        raise stale(opening, live.epoch)
    return "replace"


def next_epoch(opening: Opening, newest: int, client_id: bytes) -> int:
    """The epoch under which an opening takes a session up.

    Args:
        opening: what the client says.
        newest: the last epoch that is known here or in the store; 0: none.
        client_id: for which client that one was.

    Raises:
        StaleEpochError: somebody else has the session since.
    """
    if not opening.named and newest > opening.epoch and client_id != opening.client_id:
        raise stale(opening, newest)
    return max(opening.epoch, newest) + 1


def stale(opening: Opening, epoch: int) -> StaleEpochError:
    """The refusal of an opening whose session somebody else has."""
    return StaleEpochError(
        f"session {opening.session_id}: was taken up by another client or worker since "
        f"(epoch {epoch}, this is {opening.epoch})",
        session_id=opening.session_id,
        epoch=epoch,
    )


def starting_seq(opening: Opening, stored_seq: int | None) -> int:
    """Up to where a session that is taken up is there already; the client sends the rest again.

    Args:
        opening: what the client says.
        stored_seq: of the newest snapshot; None: there is none.

    Raises:
        SessionNotFoundError: between the two something is missing.
    """
    seq = stored_seq or 0
    if opening.named and not opening.epoch:
        return seq  # a new client has sent nothing
    if not 1 <= opening.journal_seq <= seq + 1:
        raise SessionNotFoundError(
            f"session {opening.session_id}: not known here, and cannot be made again: "
            + (f"its last snapshot ends with fragment {seq}, " if stored_seq else "there is no snapshot, ")
            + (
                f"the client has kept its fragments from {opening.journal_seq} on"
                if opening.journal_seq
                else "the client has not kept its fragments"
            ),
            session_id=opening.session_id,
        )
    return seq
