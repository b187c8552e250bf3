"""Arrays from clients: inline, by digest, and within the session's limit."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.runtime.backend import backend
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.leaves import LeafMaker
from telegrad_engine.runtime.store import PayloadStore
from telegrad_proto import dtypes
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import OutOfMemoryError, PayloadError
from telegrad_proto.ir import Ledger
from telegrad_proto.payload import digest_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2

F3 = Spec((3,), dtypes.float32)
DATA = np.arange(3, dtype="<f4").tobytes()


def maker(limit_bytes: int = 0) -> tuple[LeafMaker, PayloadStore, Ledger]:
    ledger, payloads = Ledger(), PayloadStore()
    return LeafMaker(Device(backend(), PlanCache(), ledger, limit_bytes), payloads), payloads, ledger


def test_inline_bytes_become_an_array() -> None:
    leaves, _, ledger = maker()
    spec, buffer = leaves.make(graph_pb2.Leaf(id=1, spec=encode_spec(F3), data=DATA))
    assert spec is F3
    assert buffer.array.tolist() == [0.0, 1.0, 2.0]
    assert ledger.held_bytes == 12


def test_leaves_of_one_payload_share_its_array() -> None:
    leaves, payloads, ledger = maker()
    digest = digest_of(DATA)
    payloads.add(digest, memoryview(DATA))
    messages = [graph_pb2.Leaf(id=i, spec=encode_spec(F3), digest=digest) for i in (1, 2)]
    first, second = (leaves.make(message)[1] for message in messages)
    assert first is second
    assert ledger.held_bytes == 12
    assert payloads.digests()[0] == {digest}
    leaves.used(messages)
    assert payloads.digests() == (set(), [digest])


def test_a_digest_that_was_never_put() -> None:
    leaves, _, _ = maker()
    with pytest.raises(PayloadError, match="was put") as refused:
        leaves.make(graph_pb2.Leaf(id=7, spec=encode_spec(F3), digest=bytes(32)))
    assert refused.value.details["node"] == 7


def test_a_payload_of_another_size() -> None:
    leaves, payloads, _ = maker()
    payloads.add(digest_of(b"12345"), memoryview(b"12345"))
    with pytest.raises(PayloadError, match="has 12 bytes, its payload 5"):
        leaves.make(graph_pb2.Leaf(id=7, spec=encode_spec(F3), digest=digest_of(b"12345")))


def test_the_limit_is_looked_at_first() -> None:
    leaves, _, ledger = maker(limit_bytes=11)
    with pytest.raises(OutOfMemoryError, match="may hold 11 bytes, holds 0, needs 12 more"):
        leaves.make(graph_pb2.Leaf(id=7, spec=encode_spec(F3), data=DATA))
    assert ledger.held_bytes == 0
