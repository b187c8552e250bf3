"""Envelopes are what protobuf itself writes."""

from __future__ import annotations

import pytest

from telegrad_proto.envelope import enclose
from telegrad_proto.v1 import session_pb2


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
