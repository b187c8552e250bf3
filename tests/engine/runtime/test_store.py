"""Payloads until leaves use them."""

from __future__ import annotations

import gc

import pytest

from telegrad_engine.runtime.store import PayloadStore
from telegrad_proto.errors import DigestError, LimitError, PayloadError
from telegrad_proto.limits import MAX_PAYLOAD_BYTES
from telegrad_proto.payload import digest_of


def payload(n: int, size: int = 100) -> bytes:
    return bytes([n]) * size


def put(store: PayloadStore, data: bytes) -> bytes:
    sink = store.sink(digest_of(data), len(data))
    sink.write(data)
    assert sink.finish() == len(data)
    return digest_of(data)


def test_what_was_put_is_found_until_it_is_dropped() -> None:
    store = PayloadStore()
    one = put(store, payload(1))
    found = store.find(one)
    assert found is not None
    assert bytes(found) == payload(1)
    assert store.find(bytes(32)) is None
    assert store.missing([one, bytes(32)]) == [bytes(32)]
    store.clear()
    assert store.find(one) is None


def test_nothing_is_there_before_it_is_whole() -> None:
    store = PayloadStore()
    digest = digest_of(payload(1))
    sink = store.sink(digest, 100)
    sink.write(payload(1)[:50])
    assert store.missing([digest]) == [digest]
    with pytest.raises(PayloadError):
        sink.finish()
    other = store.sink(digest, 100)
    other.write(payload(2))
    with pytest.raises(DigestError):
        other.finish()
    assert store.missing([digest]) == [digest]


def test_an_impossible_header_is_refused() -> None:
    store = PayloadStore()
    with pytest.raises(LimitError):
        store.sink(bytes(32), MAX_PAYLOAD_BYTES + 1)
    with pytest.raises(PayloadError):
        store.sink(b"short", 1)
    assert store.waiting_bytes == 0


def test_waiting_bytes_are_those_announced_or_unused() -> None:
    gc.disable()
    try:
        store = PayloadStore()
        sink = store.sink(digest_of(payload(1)), 100)
        assert store.waiting_bytes == 100
        one = put(store, payload(2))
        assert store.waiting_bytes == 200
        del sink  # given up
        assert store.waiting_bytes == 100
        store.use(one)
        assert store.waiting_bytes == 0
    finally:
        gc.enable()


def test_what_no_leaf_used_is_not_dropped() -> None:
    store = PayloadStore(spare_bytes=0)
    digests = [put(store, payload(n)) for n in range(10)]
    assert store.missing(digests) == []


def test_used_payloads_are_dropped_the_least_recently_used_first() -> None:
    store = PayloadStore(spare_bytes=250)
    a, b, c = (put(store, payload(n)) for n in range(3))
    store.use(a)
    store.use(b)
    store.use(a)
    assert store.missing([a, b, c]) == []
    store.use(c)
    assert store.missing([a, b, c]) == [b]
    assert store.digests() == (set(), [a, c])


def test_a_used_payload_put_again_counts_once() -> None:
    store = PayloadStore(spare_bytes=250)
    a, b = put(store, payload(0)), put(store, payload(1))
    for _ in range(5):
        put(store, payload(0))
        store.use(a)
    store.use(b)
    assert store.missing([a, b]) == []
    assert store.waiting_bytes == 0


def test_a_payload_larger_than_the_spare_room_is_dropped_once_used() -> None:
    store = PayloadStore(spare_bytes=50)
    a = put(store, payload(0))
    assert store.find(a) is not None
    store.use(a)
    assert store.find(a) is None


def test_an_empty_payload() -> None:
    store = PayloadStore()
    empty = put(store, b"")
    found = store.find(empty)
    assert found is not None
    assert len(found) == 0
