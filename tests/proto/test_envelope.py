"""Envelopes are what protobuf itself writes."""

from __future__ import annotations

import pytest

from telegrad_proto.envelope import enclose, enclosed
from telegrad_proto.v1 import session_pb2, tensor_pb2


@pytest.mark.parametrize("size", [0, 1, 123, 124, 125, 126, 127, 128, 16_380, 16_384, 2_097_152, 3_000_000])
def test_they_are_what_protobuf_writes(size: int) -> None:
    fragment = session_pb2.Fragment(seq=size)
    fragment.leaves.add(data=bytes(size))
    expected = session_pb2.Request(fragment=fragment).SerializeToString()
    assert enclose(fragment.SerializeToString()) == expected
    outcome = session_pb2.Outcome(seq=size)
    outcome.values.add(data=bytes(size))
    assert enclose(outcome.SerializeToString()) == session_pb2.Reply(outcome=outcome).SerializeToString()


def test_an_empty_message_is_there_all_the_same() -> None:
    assert session_pb2.Request.FromString(enclose(b"")).WhichOneof("kind") == "fragment"
    assert session_pb2.Reply.FromString(enclose(b"")).WhichOneof("kind") == "outcome"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 1_048_576, 3_000_000])
def test_what_was_enclosed_is_found_again(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    chunk = enclose(memoryview(data)[:size])
    assert chunk == tensor_pb2.PutChunk(data=data[:size]).SerializeToString()
    assert chunk == tensor_pb2.GetChunk(data=data[:size]).SerializeToString()
    assert enclosed(chunk) == memoryview(data)[:size]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x12",
        b"\x12\x05abc",
        b"\x12\x01ab",
        b"\x12\xff\xff\xff\xff\xff\xff\x01",
        tensor_pb2.PutChunk(header=tensor_pb2.PutHeader(size_bytes=3)).SerializeToString(),
        enclose(b"one") + enclose(b"two"),
    ],
)
def test_what_is_no_envelope_is_left_to_protobuf(message: bytes) -> None:
    assert enclosed(message) is None
