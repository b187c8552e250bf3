"""Bulk data: arrays <-> chunks, named by the digest of their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from telegrad_proto.errors import DigestError, LimitError, PayloadError
from telegrad_proto.limits import CHUNK_BYTES, MAX_PAYLOAD_BYTES

DIGEST_BYTES = 32


def digest_of(data: bytes | memoryview) -> bytes:
    """The name of these bytes: their SHA-256, which today's processors have instructions for."""
    return hashlib.sha256(data).digest()


def running_digest() -> hashlib._Hash:
    """A digest that is fed piece by piece."""
    return hashlib.sha256()


def chunks_of(data: bytes | memoryview, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The bytes in pieces of at most `size`; none for no bytes."""
    return map(bytes, windows_of(data, size))


def windows_of(data: bytes | memoryview, size: int = CHUNK_BYTES) -> Iterator[memoryview]:
    """The same pieces, not copied."""
    view = memoryview(data).cast("B")
    for start in range(0, len(view), size):
        yield view[start : start + size]


class Assembly:
    """Puts chunks together in one buffer, allocated once, of the size that was announced.

    Args:
        size_bytes: what was announced.
        digest: what the bytes must hash to; empty: not known yet (see `finish`).

    Raises:
        LimitError: a payload is not that large.
        PayloadError: the digest has no 32 bytes.
    """

    def __init__(self, size_bytes: int, digest: bytes = b"") -> None:
        if not 0 <= size_bytes <= MAX_PAYLOAD_BYTES:
            raise LimitError(f"payload: at most {MAX_PAYLOAD_BYTES} bytes, got {size_bytes} announced")
        if digest and len(digest) != DIGEST_BYTES:
            raise PayloadError(f"payload: a digest has {DIGEST_BYTES} bytes, got {len(digest)}")
        self.size_bytes = size_bytes
        self.digest = digest
        self.received_bytes = 0
        self._buffer = bytearray(size_bytes)
        self._hash = running_digest()

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next chunk.

        Raises:
            PayloadError: it goes past the announced size.
        """
        end = self.received_bytes + len(chunk)
        if end > self.size_bytes:
            raise PayloadError(f"payload: {self.size_bytes} bytes announced, got at least {end}")
        self._buffer[self.received_bytes : end] = chunk
        self._hash.update(chunk)
        self.received_bytes = end

    def finish(self, digest: bytes = b"") -> memoryview:
        """The bytes, read-only.

        Raises:
            PayloadError: fewer than announced.
            DigestError: they hash to another digest.
        """
        expected = digest or self.digest
        if self.received_bytes != self.size_bytes:
            raise PayloadError(f"payload: {self.size_bytes} bytes announced, got {self.received_bytes}")
        if self._hash.digest() != expected:
            raise DigestError(
                f"payload: digest {expected.hex()[:16]} announced, got {self._hash.hexdigest()[:16]}"
            )
        return memoryview(self._buffer).toreadonly()
