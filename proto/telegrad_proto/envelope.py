"""The stream's envelopes around serialized messages: what protobuf itself writes, made with one copy less.

A message whose only field is another message is, on the wire, one byte for the field, the length, and the
bytes. A round trip passes two of them.
"""

from __future__ import annotations

from typing import Final

# Field 2 in both, length-delimited: Request.fragment and Reply.outcome.
_TAG: Final = bytes([2 << 3 | 2])
_SHORT: Final = tuple(_TAG + bytes([size]) for size in range(128))


def enclose(message: bytes) -> bytes:
    """A serialized Request around a serialized Fragment, or a Reply around an Outcome."""
    size = len(message)
    if size < 128:
        return _SHORT[size] + message
    varint = bytearray()
    while size > 127:
        varint.append(size & 127 | 128)
        size >>= 7
    varint.append(size)
    return b"".join((_TAG, varint, message))
