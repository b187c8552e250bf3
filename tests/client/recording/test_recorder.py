"""Recording: names, order, what is remembered, what is let go."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from telegrad import _primitives as p
from telegrad.recording import recorder as recording
from telegrad.recording.recorder import label_of
from telegrad.recording.session import Session
from telegrad.wire.callsite import describe
from telegrad_proto.errors import SessionError


def test_nothing_is_sent_by_recording(messages: Callable[[], int]) -> None:
    x = tg.ones(3)
    for _ in range(100):
        x = x * 2 + 1
    assert messages() == 0


def test_an_entry_holds_names_only(session: Session) -> None:
    x, y = tg.tensor([1.0]), tg.tensor([2.0], requires_grad=True)
    z = x * y
    op, inputs, attrs, output, needs, *_ = session.recorder.pending[-1]
    assert op.name == "mul"
    assert inputs == (x._value.id, y._value.id)
    assert (attrs, output, needs) == ((), z._value.id, (1,))
    assert [leaf.id for leaf in session.recorder.leaves] == list(inputs)


def test_gradients_are_not_needed_without_grad_mode(session: Session) -> None:
    x = tg.tensor([1.0], requires_grad=True)
    with tg.no_grad():
        assert not (x * x).requires_grad
    assert session.recorder.pending[-1][4] == ()
    assert (x > 0).requires_grad is False
    assert x.long().requires_grad is False


def test_ids_only_grow_and_several_outputs_follow_each_other(session: Session) -> None:
    values, indices = p.sort(tg.tensor([3.0, 1.0]), axis=0, descending=False, stable=True)
    assert indices._value.id == values._value.id + 1
    assert (values + 1)._value.id > indices._value.id


def test_a_tensor_that_dies_is_released(session: Session) -> None:
    x = tg.ones(2)
    y = x + 1
    number = y._value.id
    session.flush("flush")
    del y
    gc.collect()
    assert number in session.recorder.released
    assert x.tolist() == [1.0, 1.0]
    assert number not in session.recorder.released


def test_an_array_that_nobody_reads_is_not_sent(session: Session, messages: Callable[[], int]) -> None:
    x = tg.tensor([1.0, 2.0])
    assert str(x) == "tensor([1., 2.])"
    assert x[0].tolist() == 1.0
    assert messages() == 1
    assert tg.tensor(np.zeros(5)).numpy().shape == (5,)
    assert messages() == 0


def test_constants_travel_once_and_by_their_bits(session: Session) -> None:
    x = tg.ones(1, dtype=tg.float64)
    for value in (2.0, 2.0, 0.0, -0.0, float("nan"), float("nan")):
        x * value
    keys = [key for key in session.recorder.constants if key[1] is tg.float64]
    assert len(keys) == 4
    assert (1 / (x * -0.0)).item() == -np.inf
    assert (1 / (x * 0.0)).item() == np.inf
    assert (x + 2).tolist() == [3.0]


def test_the_line_that_recorded_is_remembered(session: Session) -> None:
    y = tg.ones(2) + tg.ones(2)
    site = session.recorder.site_of(y._value.id)
    assert site is not None
    assert describe(site).endswith(
        f"test_recorder.py:{test_the_line_that_recorded_is_remembered.__code__.co_firstlineno + 1}"
    )
    assert session.recorder.site_of(10**9) is None


def test_much_that_is_pending_is_sent(messages: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "PENDING_LIMIT", 10)
    x = tg.zeros(1)
    for _ in range(25):
        x = x + 1
    assert messages() == 2
    assert x.item() == 25.0


def test_threads_record_without_losing_order() -> None:
    results: dict[int, float] = {}

    def work(k: int) -> None:
        x = tg.tensor([float(k)])
        for _ in range(200):
            x = x + 1
        results[k] = x.item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {k: k + 200.0 for k in range(4)}


def test_values_follow_into_the_next_session() -> None:
    known, computed = tg.tensor([1.0]), tg.tensor([1.0]) + 1
    (known * 2).item()
    tracked = tg.tensor([1.0], requires_grad=True) * 3
    first = tg.current_session()
    tg.connect("embedded", progress=False)
    assert (known + computed).tolist() == [3.0]
    with pytest.raises(SessionError, match="belongs to another session"):
        tracked + 1
    assert tracked.detach().tolist() == [3.0]
    first.close()


def test_a_closed_session_says_so() -> None:
    x = tg.tensor([1.0])
    tg.current_session().close()
    with pytest.raises(SessionError, match=r"connect\(\) opens another"):
        x + 1
    assert x.tolist() == [1.0]


def test_labels() -> None:
    assert label_of("set_slice") == "SetSliceBackward0"
    assert label_of("mul") == "MulBackward0"
