"""What a session needs from whatever carries its fragments to an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2


class Progress(Protocol):
    """Told how long things take, so that somebody can be shown it.

    The calls come from the thread that uses the transport, or, while that one waits, from one in its context.
    """

    def waiting(self, elapsed_s: float) -> None:
        """An outcome has been waited for this long; called a few times a second, after the first half."""

    def bulk(self, verb: str, done_bytes: int, total_bytes: int) -> None:
        """So much of a large array has travelled; `verb` is "upload" or "download"."""

    def finished(self) -> None:
        """What was waited for is there, or given up: called once after any of the others."""


@dataclass(slots=True)
class Traffic:
    """What a transport has carried so far.

    Attributes:
        fragments: fragments sent, resent ones not counted twice.
        outcomes: outcomes handed out.
        sent_bytes: bytes of fragments and payloads sent.
        received_bytes: bytes of outcomes and arrays received.
        reconnects: streams opened again after one was lost.
        replayed: fragments sent once more to a server that had lost the session.
    """

    fragments: int = 0
    outcomes: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    reconnects: int = 0
    replayed: int = 0


class Transport(Protocol):
    """One session's way to its engine. One thread uses it at a time; only `cancel` may come from another.

    Every method raises the classes of `telegrad_proto.errors` and no others, but for KeyboardInterrupt: a
    wait that is interrupted asks the engine to stop what it does for this session, and the session stays
    usable. The outcomes of what was stopped are still received, in their turn, with a CancelledError inside.
    """

    traffic: Traffic

    @property
    def address(self) -> str:
        """Where the engine is: "embedded", or "host:port"."""

    def open(self) -> session_pb2.Opened:
        """Starts the session. Called once, before anything else.

        Raises:
            ServerUnavailableError: nothing answers.
            AccessError: no token, or a wrong one.
            VersionError: the two sides do not fit; the text says which one to upgrade.
            CapacityError: no room for another session.
        """

    def send(self, fragment: session_pb2.Fragment) -> int:
        """Sends a fragment without waiting for its outcome; the bytes it took.

        Its `seq` is 1 for the first, then 1 more each time.
        """

    def receive(self, timeout_s: float | None = None) -> session_pb2.Outcome:
        """The next outcome, in the order of the fragments; what failed is in `outcome.error`, not raised.

        Raises:
            DeadlineError: none came in time; the wait can be taken up again.
            ServerUnavailableError: the server went away and did not come back in time.
            SessionExpiredError, SessionNotFoundError: it came back without this session, which cannot be made
                again.
            SessionLostError: making it again failed.
            StaleEpochError: another client has the session since.
        """

    def put(self, digest: bytes, data: memoryview) -> bool:
        """Sends a payload that a later fragment names by its digest, if it is not there; whether it was sent.

        Args:
            digest: `telegrad_proto.payload`'s digest of the data.
            data: contiguous bytes, little-endian, C order. They do not change as long as the session lives.

        Raises:
            PayloadError: the bytes did not arrive as announced.
        """

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        """A value that was too large for its outcome: what it is, and its bytes.

        Raises:
            StructureError: no such value, or it has not been computed.
            PayloadError: the bytes did not arrive as announced.
        """

    def missing(self, digests: Sequence[bytes]) -> list[bytes]:
        """Those of the payloads that the engine's side does not have."""

    def cancel(self, seq: int) -> bool:
        """Stops the evaluation of fragments up to this one; whether one was running."""

    def residuals(self) -> session_pb2.ResidualsReply:
        """What the engine keeps for later backward passes."""

    def forget(self) -> None:
        """`close` shall end the session for good, also where it has a name and would wait."""

    def close(self) -> None:
        """Ends the session and frees what it holds. May be called twice; raises nothing."""
