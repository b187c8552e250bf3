"""Many payloads in one stream of messages: cut in pieces, and taken apart again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from telegrad_proto.errors import PayloadError
from telegrad_proto.limits import CHUNK_BYTES


def pieces_of(payloads: Iterable[bytes | memoryview], size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The payloads one behind the other, in pieces of `size` bytes, the last shorter; none for no bytes."""
    held = bytearray()
    for payload in payloads:
        view = memoryview(payload).cast("B")
        start = 0
        while start < len(view):
            end = start + size - len(held)
            if not held and end <= len(view):
                yield bytes(view[start:end])
            else:
                held += view[start:end]
                if len(held) == size:
                    yield bytes(held)
                    held.clear()
            start = end
    if held:
        yield bytes(held)


class Incoming:
    """Takes payloads out of pieces.

    Args:
        pieces: as they come.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def take(self, size_bytes: int) -> memoryview:
        """The next payload, which has this size; who asks has checked that it may be as large.

        Raises:
            PayloadError: the pieces end before.
        """
        if len(self._piece) >= size_bytes:
            found, self._piece = self._piece[:size_bytes], self._piece[size_bytes:]
            return found
        buffer = bytearray(size_bytes)
        filled = 0
        while filled < size_bytes:
            if not self._piece:
                piece = next(self._pieces, None)
                if piece is None:
                    raise PayloadError(f"call: {size_bytes} bytes of an array announced, got {filled}")
                self._piece = memoryview(piece)
                continue
            part = self._piece[: size_bytes - filled]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            self._piece = self._piece[len(part) :]
        return memoryview(buffer).toreadonly()

    def end(self) -> None:
        """Returns where nothing is left.

        Raises:
            PayloadError: more bytes came than were announced.
        """
        if self._piece or any(self._pieces):
            raise PayloadError("call: more bytes than were announced")
