"""What a client can send again: its fragments since the last snapshot, and the arrays that they name.

When a worker is lost, another one starts where the server's last snapshot ends, or from nothing, and is sent
the rest again. Nothing here sends.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import Final

from telegrad_proto.envelope import enclose
from telegrad_proto.form import expand
from telegrad_proto.v1 import session_pb2

_log = logging.getLogger("telegrad")

#: How much is kept. A training step is a message of about a kilobyte.
JOURNAL_BYTES: Final = 1024**3


class Entry:
    """One fragment.

    Attributes:
        seq: its number.
        raw: the message as it was sent; after an error, one that leads to the same state.
        digests: the payloads that it names.
    """

    __slots__ = ("digests", "raw", "seq")

    def __init__(self, seq: int, raw: bytes, digests: tuple[bytes, ...]) -> None:
        self.seq = seq
        self.raw = raw
        self.digests = digests


class Journal:
    """The fragments of one session that may have to be sent again.

    Args:
        limit_bytes: how much to keep; beyond, the oldest are forgotten.

    Attributes:
        held_bytes: how much is kept now.
        durable: whether the server takes snapshots; else what was forgotten makes the rest useless.
    """

    def __init__(self, limit_bytes: int = JOURNAL_BYTES) -> None:
        self.limit_bytes: Final = limit_bytes
        self.held_bytes = 0
        self.durable = False
        self._told = False
        self._stopped = not limit_bytes
        self._entries: deque[Entry] = deque()
        self._last_seq = 0
        self._payloads: dict[bytes, memoryview] = {}
        self._uses: dict[bytes, int] = {}
        self._offered: dict[bytes, None] = {}

    @property
    def first_seq(self) -> int:
        """The first fragment from which on all can be sent again; 0: nothing can."""
        if self._stopped:
            return 0
        return self._entries[0].seq if self._entries else self._last_seq + 1

    @property
    def half_full(self) -> bool:
        """Whether a snapshot is due, so that this can forget."""
        return self.held_bytes * 2 > self.limit_bytes

    def begin_after(self, seq: int) -> None:
        """The first fragment will be the one after this."""
        self._last_seq = seq

    def offer(self, digest: bytes, data: memoryview) -> None:
        """Keeps a payload that a fragment to come will name."""
        if self._stopped:
            return
        self._offered[digest] = None
        if digest not in self._payloads:
            self._payloads[digest] = data
            self.held_bytes += data.nbytes

    def withdraw(self, digest: bytes) -> None:
        """No fragment will name the payload: it was refused."""
        self._offered.pop(digest, None)
        self._drop_unused(digest)

    def append(self, seq: int, raw: bytes, fragment: session_pb2.Fragment) -> None:
        """Keeps a fragment that is about to be sent."""
        if self._stopped:
            return
        digests = self._named(fragment) if self._payloads else ()
        self._entries.append(Entry(seq, raw, digests))
        self._last_seq = seq
        self.held_bytes += len(raw)
        if self.held_bytes > self.limit_bytes:
            self._shrink()

    def _named(self, fragment: session_pb2.Fragment) -> tuple[bytes, ...]:
        digests = tuple([leaf.digest for leaf in fragment.leaves if leaf.digest])
        for digest in digests:
            self._uses[digest] = self._uses.get(digest, 0) + 1
            self._offered.pop(digest, None)
        return digests

    def _shrink(self) -> None:
        """Forgets the oldest until the rest fits; everything where the server takes no snapshots."""
        while self._entries and (self.held_bytes > self.limit_bytes or not self.durable):
            self._forget()
        if not self.durable:
            self._stopped = True
            self._payloads.clear()
            self._offered.clear()
            self.held_bytes = 0
        if not self._told:
            self._told = True
            _log.warning(
                "the session's journal passed %d bytes: %s",
                self.limit_bytes,
                "until the server's next snapshot, losing the worker means losing the session"
                if self.durable
                else "if its worker is lost, the session is lost with it",
            )

    def _forget(self) -> None:
        entry = self._entries.popleft()
        self.held_bytes -= len(entry.raw)
        for digest in entry.digests:
            self._uses[digest] -= 1
            self._drop_unused(digest)

    def _drop_unused(self, digest: bytes) -> None:
        if not self._uses.get(digest) and digest not in self._offered:
            self._uses.pop(digest, None)
            data = self._payloads.pop(digest, None)
            self.held_bytes -= 0 if data is None else data.nbytes

    def trim(self, durable_seq: int) -> None:
        """The server needs nothing of what came up to this fragment."""
        while self._entries and self._entries[0].seq <= durable_seq:
            self._forget()

    def failed(self, seq: int, *, applied: bool) -> None:
        """Notes that a fragment's outcome was an error, all the same applied or not.

        A fragment that was refused is replaced by an empty one, and one whose evaluation failed by one that
        evaluates nothing: another worker might have the room or the time, and then another graph.
        """
        if self._stopped or not self.first_seq <= seq <= self._last_seq:
            return
        entry = self._entries[seq - self.first_seq]
        fragment = expand(session_pb2.Request.FromString(entry.raw).fragment)
        if applied:
            del fragment.fetches[:]
            del fragment.demands[:]
        else:
            fragment = session_pb2.Fragment(seq=seq)
        raw = enclose(fragment.SerializeToString())
        self.held_bytes += len(raw) - len(entry.raw)
        entry.raw = raw

    def after(self, seq: int) -> Iterator[Entry]:
        """The fragments after this one, in order."""
        for entry in list(self._entries):
            if entry.seq > seq:
                yield entry

    def payload(self, digest: bytes) -> memoryview | None:
        """The bytes of a payload that a kept fragment names."""
        return self._payloads.get(digest)

    @property
    def offered(self) -> list[bytes]:
        """The payloads that no fragment has named yet."""
        return list(self._offered)
