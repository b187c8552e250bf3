"""What a client knows of its session: where it is, whose it is, and what of it could be sent again."""

from __future__ import annotations

import secrets
import time

from telegrad.transport.journal import Journal
from telegrad_proto import PROTOCOL, __version__
from telegrad_proto.opset import OPSET
from telegrad_proto.v1 import session_pb2


class Claim:
    """One client's claim to its session. Nothing here sends.

    Args:
        journal: what could be sent again.
        session_id: ".key" for a session that may be there already; else a new one.
        patience_s: how long to try again when the server goes away.

    Attributes:
        answered_seq: up to here every outcome is here.
        session_id: the session's id where it lives now.
        behind: it lives elsewhere now, and has not been brought there wholly.
        deadline_s: until when to try again, counted from when a server last answered.
    """

    def __init__(self, journal: Journal, session_id: str = "", *, patience_s: float = 0.0) -> None:
        self._patience_s = patience_s
        self.journal = journal
        self.session_id = session_id
        self.answered_seq = 0
        self.behind = False
        self.deadline_s = 0.0
        self._epoch = 0
        self._client_id = secrets.token_bytes(16)
        self._durable_seq = 0
        self._asked_seq = 0

    def opening(self) -> session_pb2.Open:
        """The first message of a stream."""
        return session_pb2.Open(
            protocol=PROTOCOL,
            opset_digest=OPSET.digest,
            client_version=__version__,
            session_id=self.session_id,
            answered_seq=self.answered_seq,
            epoch=self._epoch,
            client_id=self._client_id,
            journal_seq=self.journal.first_seq,
        )

    def opened(self, message: session_pb2.Opened) -> None:
        """Takes in the server's answer; `behind` says whether the session has to be brought there."""
        self.deadline_s = time.monotonic() + self._patience_s
        self.session_id = message.session_id
        self.journal.durable = message.durable
        if not self._epoch:
            # Another client may have been here before, and had every outcome that it wanted.
            self.answered_seq = message.applied_seq
            self.journal.begin_after(message.applied_seq)
        if message.epoch != self._epoch:
            self.behind = self._epoch != 0
            self._epoch = message.epoch

    def sending(self, fragment: session_pb2.Fragment) -> None:
        """Asks for a snapshot, once, where the journal fills up."""
        journal = self.journal
        if journal.durable and journal.half_full and self._asked_seq <= self._durable_seq:
            fragment.snapshot = True
            self._asked_seq = fragment.seq

    def received(self, outcome: session_pb2.Outcome) -> None:
        """Takes in an outcome."""
        self.answered_seq = outcome.seq
        if outcome.HasField("error"):
            self.journal.failed(outcome.seq, applied=outcome.applied)
        if outcome.durable_seq > self._durable_seq:
            self._durable_seq = outcome.durable_seq
            self.journal.trim(outcome.durable_seq)
