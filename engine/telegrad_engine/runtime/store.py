"""Payloads that clients put, by the digest of their bytes, until graphs use them."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final
from weakref import WeakSet, WeakValueDictionary

from telegrad_proto.ir import Buffer
from telegrad_proto.payload import Assembly


class PayloadSink:
    """Takes the chunks of one payload; the payload is in the store once `finish` has checked it."""

    def __init__(self, store: PayloadStore, digest: bytes, size_bytes: int) -> None:
        self._store = store
        self._assembly = Assembly(size_bytes, digest)
        self.pending_bytes = size_bytes

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next chunk; raises PayloadError past the announced size."""
        self._assembly.write(chunk)

    def finish(self) -> int:
        """The payload's size, once it is in the store; after PayloadError or DigestError it is not there."""
        data = self._assembly.finish()
        self._store.add(self._assembly.digest, data)
        self.pending_bytes = 0
        return self._assembly.size_bytes


class PayloadStore:
    """Bytes by digest. What no leaf has used yet stays; beyond, the least recently used goes first.

    Args:
        spare_bytes: how much is remembered beyond what leaves hold.
    """

    def __init__(self, spare_bytes: int = 256 * 1024 * 1024) -> None:
        self._spare_bytes: Final = spare_bytes
        self._lock: Final = Lock()
        self._sinks: Final[WeakSet[PayloadSink]] = WeakSet()
        self._fresh: dict[bytes, memoryview] = {}
        self._used: OrderedDict[bytes, memoryview] = OrderedDict()
        self._used_bytes = 0
        #: Arrays made from a payload, as long as some leaf holds them: one on the device serves them all.
        self.buffers: Final[WeakValueDictionary[tuple[bytes, object], Buffer]] = WeakValueDictionary()

    def sink(self, digest: bytes, size_bytes: int) -> PayloadSink:
        """Where to write a payload; raises LimitError or PayloadError for an impossible header."""
        sink = PayloadSink(self, digest, size_bytes)
        with self._lock:
            self._sinks.add(sink)
        return sink

    @property
    def waiting_bytes(self) -> int:
        """Bytes announced or here that no leaf holds yet, and that nothing drops."""
        with self._lock:
            return sum([s.pending_bytes for s in self._sinks]) + sum([len(d) for d in self._fresh.values()])

    def add(self, digest: bytes, data: memoryview) -> None:
        """Store checked bytes."""
        with self._lock:
            self._fresh[digest] = data

    def missing(self, digests: list[bytes]) -> list[bytes]:
        """Those of the digests whose bytes are not here."""
        with self._lock:
            return [d for d in digests if d not in self._fresh and d not in self._used]

    def find(self, digest: bytes) -> memoryview | None:
        """The bytes of a digest, or None."""
        with self._lock:
            found = self._fresh.get(digest)
            return self._used.get(digest) if found is None else found

    def use(self, digest: bytes) -> None:
        """A leaf holds these bytes now: the store's own reference may be dropped when room is needed."""
        with self._lock:
            data = self._fresh.pop(digest, None)
            if digest in self._used:
                self._used.move_to_end(digest)
            elif data is not None:
                self._used[digest] = data
                self._used_bytes += len(data)
            while self._used_bytes > self._spare_bytes:
                _, gone = self._used.popitem(last=False)
                self._used_bytes -= len(gone)

    def clear(self) -> None:
        """Forget all payloads."""
        with self._lock:
            self._fresh.clear()
            self._used.clear()
            self._used_bytes = 0

    def digests(self) -> tuple[set[bytes], list[bytes]]:
        """The digests here: those that no leaf has used yet, and the others, the next to go first."""
        with self._lock:
            return set(self._fresh), list(self._used)
