"""Bytes, chunks and digests."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from telegrad_proto.errors import DigestError, LimitError, PayloadError
from telegrad_proto.limits import CHUNK_BYTES, MAX_PAYLOAD_BYTES
from telegrad_proto.payload import DIGEST_BYTES, Assembly, chunks_of, digest_of

DATA = bytes(range(256)) * 41


def test_a_digest_is_sha256_of_all_bytes() -> None:
    assert digest_of(DATA) == hashlib.sha256(DATA).digest()
    assert digest_of(memoryview(DATA)) == digest_of(DATA)
    assert len(digest_of(b"")) == DIGEST_BYTES


@pytest.mark.parametrize("size", [1, 7, 256, len(DATA) - 1, len(DATA), len(DATA) + 1])
def test_chunks_make_the_whole_again(size: int) -> None:
    chunks = list(chunks_of(DATA, size))
    assert all(type(c) is bytes and 0 < len(c) <= size for c in chunks)
    assembly = Assembly(len(DATA), digest_of(DATA))
    for chunk in chunks:
        assembly.write(chunk)
    whole = assembly.finish()
    assert bytes(whole) == DATA
    assert whole.readonly


def test_chunks_of_arrays_of_any_type_are_bytes() -> None:
    array = np.arange(5, dtype=np.float64)
    assert b"".join(chunks_of(array.data, 16)) == array.tobytes()


def test_chunks_have_the_size_of_the_contract() -> None:
    assert [len(c) for c in chunks_of(bytes(2 * CHUNK_BYTES + 1))] == [CHUNK_BYTES, CHUNK_BYTES, 1]


def test_no_bytes_are_no_chunks() -> None:
    assert list(chunks_of(b"")) == []
    assert bytes(Assembly(0, digest_of(b"")).finish()) == b""


def test_an_oversized_chunk_is_refused_and_not_written() -> None:
    assembly = Assembly(4, digest_of(b"abcd"))
    assembly.write(b"abc")
    with pytest.raises(PayloadError, match="4 bytes announced, got at least 5"):
        assembly.write(b"de")
    assert assembly.received_bytes == 3
    assembly.write(b"d")
    assert bytes(assembly.finish()) == b"abcd"


def test_a_truncated_payload_is_refused() -> None:
    assembly = Assembly(4, digest_of(b"abcd"))
    assembly.write(b"abc")
    with pytest.raises(PayloadError, match="4 bytes announced, got 3"):
        assembly.finish()


def test_a_wrong_digest_is_refused() -> None:
    assembly = Assembly(4, digest_of(b"abcd"))
    assembly.write(b"abce")
    with pytest.raises(DigestError, match="digest"):
        assembly.finish()


def test_a_digest_may_come_last() -> None:
    assembly = Assembly(4)
    assembly.write(b"abcd")
    assert bytes(assembly.finish(digest_of(b"abcd"))) == b"abcd"
    assembly = Assembly(4)
    assembly.write(b"abcd")
    with pytest.raises(DigestError):
        assembly.finish()
    with pytest.raises(DigestError):
        assembly.finish(digest_of(b"abce"))


@pytest.mark.parametrize("size", [-1, MAX_PAYLOAD_BYTES + 1, 2**64])
def test_an_impossible_size_is_refused_before_anything_is_allocated(size: int) -> None:
    with pytest.raises(LimitError, match="announced"):
        Assembly(size, bytes(32))


@pytest.mark.parametrize("digest", [b"a", bytes(31), bytes(33)])
def test_a_digest_of_another_length_is_refused(digest: bytes) -> None:
    with pytest.raises(PayloadError, match="32 bytes"):
        Assembly(4, digest)
