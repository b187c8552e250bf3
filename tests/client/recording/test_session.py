"""When a session sends, what it asks for, how it waits."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from telegrad.recording.session import UNANSWERED_LIMIT, Session
from telegrad_proto.errors import CancelledError, IndexRangeError, ServerUnavailableError, SessionError


def test_one_backward_on_a_fresh_graph_is_one_message(messages: Callable[[], int]) -> None:
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    w = tg.tensor([3.0, 2.0, 1.0], requires_grad=True)
    loss = ((x * w).sin() + x.exp()).sum()
    loss.backward()
    assert messages() == 1
    # Small gradients and a single number came along.
    x.grad.numpy(), w.grad.tolist(), loss.item()
    assert messages() == 0


def test_a_large_gradient_is_computed_but_stays_there(session: Session, messages: Callable[[], int]) -> None:
    x = tg.ones(1000, requires_grad=True)
    (x * x).sum().backward()
    assert messages() == 1
    assert session.log.messages[-1].demands == 1
    assert session.log.messages[-1].fetches == 1
    assert x.grad.numpy().sum() == 2000.0
    assert messages() == 1


def test_a_loop_that_looks_pays_one_message_a_look(messages: Callable[[], int]) -> None:
    b = tg.tensor([1.0, 2.0])
    looks = 0
    while b.norm() < 100:
        b = b * 2
        looks += 1
    assert messages() == looks + 1


def test_what_is_known_is_free(messages: Callable[[], int]) -> None:
    x = tg.tensor([1.0, 2.0])
    y = x * 2
    y.tolist()
    assert messages() == 1
    y.numpy(), str(y), y.tolist(), list(x.numpy()), bool((x == x).shape)
    assert messages() == 0


def test_several_looks_at_once_are_one_message(messages: Callable[[], int]) -> None:
    parts = [tg.ones(1) * k for k in range(10)]
    assert tg.tensor([p.sum() for p in parts]).tolist() == list(range(10))
    assert messages() == 1


def test_a_training_step_is_one_message(messages: Callable[[], int]) -> None:
    w = tg.zeros(3, requires_grad=True)
    inputs, wanted = tg.tensor(np.eye(3, dtype=np.float32)), tg.tensor([1.0, 2.0, 3.0])
    messages()
    for _ in range(5):
        loss = ((inputs @ w - wanted) ** 2).sum()
        loss.backward()
        with tg.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
    assert messages() == 5
    assert w.tolist()[0] > 0.6
    assert messages() == 1


def test_repeated_steps_know_their_plan(session: Session) -> None:
    x = tg.ones(4, requires_grad=True)
    for k in range(3):
        x.grad = None
        (x * float(k)).sum().backward()
        x.grad.tolist()
    assert [m.plan_cached for m in session.log.messages][-1] is True


def test_many_unanswered_fragments_are_taken_in(session: Session) -> None:
    x = tg.ones(2000, requires_grad=True)
    for _ in range(3 * UNANSWERED_LIMIT):
        x.grad = None
        (x * x).sum().backward()
        assert len(session._unanswered) <= UNANSWERED_LIMIT
    assert x.grad.numpy()[0] == 2.0


def test_an_error_that_only_the_engine_sees_names_the_line(session: Session) -> None:
    where = tg.tensor([0, 7]) + 0
    x = tg.arange(5.0)
    y = x[where]
    line = test_an_error_that_only_the_engine_sees_names_the_line.__code__.co_firstlineno + 3
    with pytest.raises(IndexError, match=rf"index 7 is out of bounds.*test_session.py:{line}") as caught:
        (y + 1).tolist()
    assert isinstance(caught.value, IndexRangeError)
    assert "y = x[where]" in str(caught.value)
    # The session goes on, and asking again fails again.
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    with pytest.raises(IndexError):
        y.tolist()


def test_an_error_that_nobody_waited_for_comes_with_the_next_look() -> None:
    x = tg.ones(3, requires_grad=True)
    far = tg.tensor([9]) + 0
    x[far].sum().backward()
    with pytest.raises(IndexError, match="out of bounds"):
        tg.ones(1).tolist()
    assert (x * 2).tolist() == [2.0, 2.0, 2.0]


def test_flush_and_synchronize(session: Session, messages: Callable[[], int]) -> None:
    x = tg.ones(3)
    y = x * 2
    temporary = y + 1
    del temporary
    gc.collect()
    tg.flush()
    assert messages() == 1
    assert session.log.messages[-1].demands == 2
    tg.flush()
    assert messages() == 0
    z = y + 5
    tg.synchronize()
    assert messages() == 1
    assert not session._unanswered
    assert z.tolist() == [7.0, 7.0, 7.0]


def test_the_end_of_a_cell_sends_what_is_held(session: Session, messages: Callable[[], int]) -> None:
    session.end_cell()
    assert messages() == 0
    y = tg.ones(2) + 1
    session.end_cell()
    assert (messages(), session.log.messages[-1].reason) == (1, "cell end")
    assert y.tolist() == [2.0, 2.0]


def test_large_arrays_travel_apart_and_once(session: Session, rng: np.random.Generator) -> None:
    array = rng.standard_normal(300_000).astype(np.float32)
    x = tg.tensor(array)
    total = float((x * 1).sum().item())
    assert session.log.messages[-1].uploaded_bytes == array.nbytes
    again = tg.tensor(array.copy())
    assert (again * 1).sum().item() == total
    assert session.log.messages[-1].uploaded_bytes == 0
    np.testing.assert_array_equal((x + 0).numpy(), array)


def test_a_batch_over_the_message_limit_is_cut(session: Session, messages: Callable[[], int]) -> None:
    leaves = [tg.tensor(np.full(10_000, k, np.float32)) for k in range(60)]
    total = leaves[0] * 1
    for leaf in leaves[1:]:
        total = total + leaf
    x = tg.ones(10_000, requires_grad=True)
    (x * total).sum().backward()
    assert messages() > 1
    assert x.grad.numpy()[0] == sum(range(60))


def test_interrupted_work_leaves_the_session(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    x = tg.ones(3)
    y = x * 2
    transport = session.transport
    receive = transport.receive

    def interrupted(timeout_s: float | None = None) -> object:
        monkeypatch.setattr(transport, "receive", receive)
        raise KeyboardInterrupt

    monkeypatch.setattr(transport, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        y.tolist()
    assert session._unanswered[0].interrupted
    assert (y + 1).tolist() == [3.0, 3.0, 3.0]
    assert y.tolist() == [2.0, 2.0, 2.0]


def test_a_cancelled_evaluation_can_be_asked_for_again(session: Session) -> None:
    a = tg.ones(600, 600, dtype=tg.float64)
    b = a
    for _ in range(600):  # many seconds, unless it is stopped
        b = b @ a * 1e-3
    done = threading.Event()

    def stop() -> None:
        while not done.wait(0.005):
            session.transport.cancel(session._seq)

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        with pytest.raises(CancelledError):
            b.sum().item()
    finally:
        done.set()
        thread.join()
    assert (a[0, 0] + 1).item() == 2.0


def test_closing_is_final_and_quiet(session: Session) -> None:
    x = tg.ones(2)
    session.close()
    session.close()
    with pytest.raises(SessionError):
        x.tolist()


def test_an_upload_that_fails_loses_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    x = tg.tensor(np.ones(50_000))
    y = (x * 2).sum()
    put = session.transport.put

    def broken(digest: bytes, data: memoryview) -> None:
        raise ServerUnavailableError("gone for a moment")

    monkeypatch.setattr(session.transport, "put", broken)
    with pytest.raises(ConnectionError, match="gone for a moment"):
        y.item()
    monkeypatch.setattr(session.transport, "put", put)
    assert y.item() == 100_000.0
