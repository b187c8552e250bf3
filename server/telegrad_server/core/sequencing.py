"""Exactly once: which fragment may be applied now, and what is answered to one that came before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from telegrad_proto.errors import FragmentChangedError, FragmentGapError, FragmentTooOldError
from telegrad_proto.limits import OUTCOME_WINDOW, OUTCOME_WINDOW_BYTES


class Record(NamedTuple):
    """What is remembered of an applied fragment: its digest, and its outcome as it was sent."""

    digest: bytes
    outcome: bytes


class Sequencer:
    """One session's count of applied fragments, with the outcomes of the last ones.

    Args:
        window: how many outcomes are kept.
        window_bytes: how many bytes of them; the last outcome is kept whatever its size, since it may have
            been lost.
    """

    __slots__ = ("_bytes", "_records", "_window", "_window_bytes", "applied_seq")

    def __init__(self, window: int = OUTCOME_WINDOW, *, window_bytes: int = OUTCOME_WINDOW_BYTES) -> None:
        self.applied_seq = 0
        self._records: deque[Record] = deque()
        self._bytes = 0
        self._window = window
        self._window_bytes = window_bytes

    def arrive(self, seq: int, digest: bytes) -> bytes | None:
        """The recorded outcome of a fragment that came before, None for one that is to be applied now.

        Raises:
            FragmentGapError: its predecessor has not come.
            FragmentChangedError: it came before with other contents.
            FragmentTooOldError: it came before, and its outcome has been dropped.
        """
        applied = self.applied_seq
        if seq == applied + 1:
            return None
        if seq > applied:
            raise FragmentGapError(
                f"fragment {seq}: requires fragment {applied + 1} first", seq=seq, applied_seq=applied
            )
        index = len(self._records) - 1 - (applied - seq)
        if seq < 1 or index < 0:
            raise FragmentTooOldError(
                f"fragment {seq}: was answered before, and the outcome is no longer kept"
                if seq
                else "fragment 0: numbers start at 1",
                seq=seq,
                applied_seq=applied,
            )
        record = self._records[index]
        if record.digest != digest:
            raise FragmentChangedError(
                f"fragment {seq}: came before with other contents; the first one stands", seq=seq
            )
        return record.outcome

    @classmethod
    def resumed(cls, seq: int, records: Iterable[Record]) -> Sequencer:
        """One that has applied so many fragments, and has these outcomes of the last ones."""
        made = cls()
        made.applied_seq = seq
        made._records.extend(records)
        made._bytes = sum([len(record.outcome) for record in made._records])
        return made

    def latest(self, count: int) -> list[Record]:
        """The last outcomes that are kept, the oldest first."""
        return list(self._records)[-count:]

    def record(self, digest: bytes, outcome: bytes) -> None:
        """Counts the fragment that `arrive` said to apply, and keeps its outcome."""
        self.applied_seq += 1
        records = self._records
        records.append(Record(digest, outcome))
        self._bytes += len(outcome)
        while len(records) > self._window or (self._bytes > self._window_bytes and len(records) > 1):
            self._bytes -= len(records.popleft().outcome)

    def answered(self, seq: int) -> None:
        """Drops the outcomes up to this fragment: the client says that it has them."""
        surplus = len(self._records) - (self.applied_seq - seq)
        for _ in range(min(surplus, len(self._records))):
            self._bytes -= len(self._records.popleft().outcome)
