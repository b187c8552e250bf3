"""What is pending becomes messages that each keep the limits."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.recording.session import Session
from telegrad.wire import fragments
from telegrad.wire.forms import Forms
from telegrad.wire.fragments import Batch, fragments_of
from telegrad.wire.values import Value
from telegrad_proto.form import expand

LIMIT = 64 * 1024


def no_upload(value: Value, data: memoryview) -> bytes:
    raise AssertionError("nothing here is large")


def test_one_message_says_it_all(session: Session) -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 3).sum()
    batch = session._take()
    batch.released = [99]
    ((formed, part),) = fragments_of(batch, inline_bytes=LIMIT, upload=no_upload, forms=Forms())
    assert part is batch
    message = expand(formed)
    arrays = [np.array([1, 2], np.float32), np.float32(3)]
    assert [leaf.data for leaf in message.leaves] == [array.tobytes() for array in arrays]
    assert [node.op for node in message.nodes] == ["mul", "sum"]
    assert message.nodes[1].inputs == [message.nodes[0].output]
    assert [list(node.needs) for node in message.nodes] == [[0], [0]]
    assert message.nodes[-1].output == y._value.id
    assert message.releases == [99]


def test_large_arrays_go_by_their_digest(session: Session) -> None:
    x = tg.zeros(1) + tg.tensor(np.arange(LIMIT, dtype=np.float32))
    seen: list[int] = []

    def upload(value: Value, data: memoryview) -> bytes:
        seen.append(len(data))
        return b"d" * 32

    ((message, _),) = fragments_of(session._take(), inline_bytes=LIMIT, upload=upload, forms=Forms())
    assert seen == [4 * LIMIT]
    assert message.leaves[0].digest == b"d" * 32
    assert x.shape == (LIMIT,)


def test_a_cut_keeps_ids_growing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "_NODES_EACH", 7)
    monkeypatch.setattr(fragments, "_INLINE_EACH", 40)
    x = tg.zeros(2, requires_grad=True)
    y = x
    for k in range(20):
        y = y + tg.tensor([float(k), 0.0]) * k
    kept = [y]
    g = tg.autograd.grad(y.sum(), x, retain_graph=True)
    assert g[0].tolist() == [1.0, 1.0]
    assert y.tolist() == [float(sum(k * k for k in range(20))), 0.0]
    assert session.log.count > 3
    last = 0
    for _ in range(3):
        kept.append(kept[-1] * 1.5)
    made = fragments_of(session._take(), inline_bytes=LIMIT, upload=no_upload, forms=Forms())
    for message in [expand(formed) for formed, _ in made]:
        ids = [leaf.id for leaf in message.leaves] + [node.output for node in message.nodes]
        assert min(ids) > last
        last = max(ids)
        assert len(message.nodes) <= 7


def test_an_empty_batch_is_false() -> None:
    assert not Batch()
    assert Batch(released=[1])
