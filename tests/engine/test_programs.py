from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.programs import ProgramStore
from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.errors import (
    DigestError,
    LimitError,
    OutOfMemoryError,
    PayloadError,
    ProgramNotFoundError,
)
from telegrad_proto.ir import Buffer, Ledger
from telegrad_proto.payload import digest_of
from tests.program_drafts import Draft, mean_of_sines


def raw_of(number: float) -> bytes:
    draft = Draft()
    x = draft.input("x", 2)
    draft.output(draft.node("mul", x, draft.constant(np.float64(number))))
    return draft.raw()


def test_programs_are_known_by_their_digest() -> None:
    store = ProgramStore()
    raw = raw_of(2)
    with pytest.raises(ProgramNotFoundError, match="send it along"):
        store.get(digest_of(raw))
    program = store.add(raw, digest_of(raw))
    assert store.get(digest_of(raw)) is program is store.add(raw, digest_of(raw))
    assert program.call("value", [np.ones(2)]).outputs[0].tolist() == [2, 2]
    assert len(store) == 1


def test_the_least_recently_called_is_forgotten() -> None:
    raws = [raw_of(k) for k in range(3)]
    digests = [digest_of(raw) for raw in raws]
    store = ProgramStore(limit_bytes=2 * len(raws[0]) + 10)
    for raw, digest in zip(raws[:2], digests, strict=False):
        store.add(raw, digest)
    store.get(digests[0])
    store.add(raws[2], digests[2])
    assert len(store) == 2
    store.get(digests[0])
    with pytest.raises(ProgramNotFoundError):
        store.get(digests[1])


def test_what_is_wrong_is_not_kept() -> None:
    store = ProgramStore(limit_bytes=100)
    with pytest.raises(DigestError):
        store.add(raw_of(1), bytes(32))
    with pytest.raises(LimitError, match="keeps 100 bytes"):
        store.add(raw_of(1), digest_of(raw_of(1)))
    with pytest.raises(PayloadError):
        store.add(b"x", digest_of(b"x"))
    assert len(store) == 0


def test_bounds_and_counts_reach_the_calls() -> None:
    gauge = Gauge()
    store = ProgramStore(call_bytes=1000, gauge=gauge)
    raw = mean_of_sines().raw()
    program = store.add(raw, digest_of(raw))
    with pytest.raises(OutOfMemoryError):
        program.call("value", [np.ones(4), np.ones((100, 4))])
    program.call("value", [np.ones(4), np.ones((1, 4))])
    assert gauge.busy_s > 0
    assert (gauge.running, gauge.held_bytes) == (0, 0)


def test_what_a_worker_holds_already_leaves_less_for_calls() -> None:
    gauge, ledger = Gauge(limit_bytes=100_000), Ledger()
    gauge.watch(ledger)
    raw = mean_of_sines().raw()
    program = ProgramStore(gauge=gauge).add(raw, digest_of(raw))
    arrays = [np.ones(4), np.ones((500, 4))]
    program.call("value", arrays)
    held = Buffer(None, 90_000, ledger)
    with pytest.raises(OutOfMemoryError, match="may hold 100000 bytes, holds 90000"):
        program.call("value", arrays)
    del held
    program.call("value", arrays)
