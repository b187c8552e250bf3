"""The stream's envelopes around serialized messages: what protobuf itself writes, made with one copy less.

A message whose only field is another message, or bytes, is, on the wire, one byte for the field, the length,
and the bytes. A round trip passes two of them; a large array one a chunk, and is copied once, not thrice.
"""

from __future__ import annotations

from typing import Final

# Field 2 in all of them, length-delimited: Request.fragment, Reply.outcome, PutChunk.data, GetChunk.data.
_TAG: Final = bytes([2 << 3 | 2])
_SHORT: Final = tuple(_TAG + bytes([size]) for size in range(128))


def enclose(message: bytes | memoryview) -> bytes:
    """A serialized Request around a serialized Fragment, a Reply around an Outcome, a chunk around bytes."""
    size = len(message)
    if size < 128:
        return _SHORT[size] + message
    varint = bytearray()
    while size > 127:
        varint.append(size & 127 | 128)
        size >>= 7
    varint.append(size)
    return b"".join((_TAG, varint, message))


def enclosed(message: bytes) -> memoryview | None:
    """What `enclose` was given, not copied; None where the message is none of these, or has more in it."""
    if message[:1] != _TAG:
        return None
    size = 0
    for place, byte in enumerate(message[1:6], 1):
        size |= (byte & 127) << 7 * (place - 1)
        if byte < 128:
            return memoryview(message)[place + 1 :] if len(message) == place + 1 + size else None
    return None
