from __future__ import annotations

import random

import pytest

from telegrad_proto.errors import PayloadError
from telegrad_proto.parts import Incoming, pieces_of


def test_payloads_come_out_as_they_went_in() -> None:
    seed = 7
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(200):
        size = rng.choice([1, 3, 16])
        payloads = [rng.randbytes(rng.randrange(40)) for _ in range(rng.randrange(6))]
        pieces = list(pieces_of([memoryview(p) for p in payloads], size))
        assert all(len(piece) == size for piece in pieces[:-1])
        assert b"".join(pieces) == b"".join(payloads)
        incoming = Incoming(iter(pieces))
        assert [bytes(incoming.take(len(p))) for p in payloads] == payloads
        incoming.end()


def test_too_few_and_too_many_bytes_are_told() -> None:
    with pytest.raises(PayloadError, match="5 bytes of an array announced, got 3"):
        Incoming(iter([b"ab", b"c"])).take(5)
    incoming = Incoming(iter([b"ab", b"", b"c"]))
    assert bytes(incoming.take(2)) == b"ab"
    with pytest.raises(PayloadError, match="more bytes"):
        incoming.end()
