"""One behaviour in three places: in this process, on a server, behind a gateway on Ray."""

from __future__ import annotations

import inspect
import os
import signal
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from telegrad import current_session
from tests.places import Place

pytestmark = pytest.mark.timeout(180)  # the first test on Ray starts it

Messages = Callable[[], int]

#: More than travels inside a message (64 KiB), and more than one chunk (1 MiB).
LARGE = 400_000


def line_below() -> str:
    """`file:line` of the line below the caller's, as errors name it."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{os.path.basename(__file__)}:{frame.f_back.f_lineno + 1}"


def test_the_session_is_where_it_should_be(tg: ModuleType, place: Place) -> None:
    assert current_session().address == (place.address or "embedded")
    assert current_session().device.startswith("cpu")


def test_gradient_of_the_dot_product(tg: ModuleType) -> None:
    x = tg.arange(4.0, requires_grad=True)
    y = 2 * tg.dot(x, x)
    y.backward()
    assert y.item() == 28.0
    assert x.grad.tolist() == [0.0, 4.0, 8.0, 12.0]
    assert str(x.grad) == "tensor([ 0.,  4.,  8., 12.])"
    assert str(y) == "tensor(28., grad_fn=<MulBackward0>)"


def test_gradients_accumulate_until_zeroed(tg: ModuleType) -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        (x * x).sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]
    x.grad.zero_()
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_control_flow_looks_at_values(tg: ModuleType) -> None:
    a = tg.tensor(0.75, requires_grad=True)
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    c = b if b.sum() > 0 else 100 * b
    c.backward()
    assert c.item() == 1536.0
    assert bool(a.grad == c / a)


def test_retained_graph_is_gone_through_again(tg: ModuleType) -> None:
    x = tg.tensor([3.0], requires_grad=True)
    y = x * 2 + x**2 + 3
    y.backward(retain_graph=True)
    assert x.grad.tolist() == [8.0]
    y.backward()
    assert x.grad.tolist() == [16.0]
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
    assert x.grad.tolist() == [16.0]


def test_gradient_of_the_gradient(tg: ModuleType) -> None:
    x = tg.tensor([0.5, 1.0, 1.5], dtype=tg.float64, requires_grad=True)
    (first,) = tg.autograd.grad(tg.sin(x).sum(), x, create_graph=True)
    (second,) = tg.autograd.grad((first * first).sum(), x)
    points = x.detach().numpy()
    np.testing.assert_allclose(first.detach().numpy(), np.cos(points), rtol=1e-12)
    np.testing.assert_allclose(second.numpy(), -2 * np.cos(points) * np.sin(points), rtol=1e-12)


def test_writes_through_views_carry_gradients(tg: ModuleType) -> None:
    m = tg.tensor([[2.0, 3.0]], requires_grad=True)
    n = tg.zeros(1, 2)
    n[0, 0] = m[0, 0] ** 2
    n[0, 1] = m[0, 1] ** 3
    n.backward(tg.ones_like(n))
    assert n.tolist() == [[4.0, 27.0]]
    assert m.grad.tolist() == [[4.0, 27.0]]


def test_matches_central_differences(tg: ModuleType, rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2))

    def loss(left: Any) -> Any:
        return tg.tanh(left @ tg.tensor(b)).sum()

    x = tg.tensor(a, requires_grad=True)
    loss(x).backward()
    direction, step = rng.standard_normal(a.shape), 1e-6
    numeric = (loss(tg.tensor(a + step * direction)) - loss(tg.tensor(a - step * direction))).item() / (
        2 * step
    )
    np.testing.assert_allclose(np.sum(x.grad.numpy() * direction), numeric, rtol=1e-7)


def test_large_arrays_go_and_come_in_chunks(tg: ModuleType, rng: np.random.Generator) -> None:
    numbers = rng.standard_normal(LARGE)
    traffic = current_session().transport.traffic
    x = tg.tensor(numbers, requires_grad=True)
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * numbers)
    if current_session().address != "embedded":
        assert traffic.sent_bytes > numbers.nbytes
        assert traffic.received_bytes > numbers.nbytes
        sent = traffic.sent_bytes
        again = tg.tensor(numbers.copy())
        assert again.sum().item() == pytest.approx(numbers.sum())
        assert traffic.sent_bytes - sent < 10_000, "what the server has is not sent again"


def test_arrays_of_every_layout_arrive_as_they_are(tg: ModuleType, rng: np.random.Generator) -> None:
    numbers = rng.standard_normal((300, 200))
    for array in (
        numbers[::2, ::-1],
        numbers.T,
        np.asfortranarray(numbers),
        numbers.astype(">f8"),
        numbers[:0],
    ):
        np.testing.assert_array_equal((tg.tensor(array) + 0.0).numpy(), array)
    assert (tg.tensor(np.array(3.0)) + 1).item() == 4.0
    assert np.isnan((tg.tensor([np.nan, np.inf, -np.inf]) * 1.0).numpy()[0])


def test_a_wrong_shape_raises_on_the_users_line(tg: ModuleType, messages: Messages) -> None:
    with pytest.raises(
        RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)"
    ) as caught:
        tg.ones(2, 3) @ tg.ones(2, 3)
    assert any(entry.path == __file__ or str(entry.path) == __file__ for entry in caught.traceback)
    assert messages() == 0, "a shape error needs no server"


def test_an_error_that_only_the_server_sees_names_the_line(tg: ModuleType) -> None:
    x = tg.arange(3.0)
    position = tg.tensor([1, 7])
    where = line_below()
    taken = x[position + 0]  # computed, so that only the server knows it
    with pytest.raises(IndexError, match=r"out of (range|bounds)") as caught:
        taken.sum().item()
    assert where in str(caught.value)
    assert (x + 1).tolist() == [1.0, 2.0, 3.0], "the session goes on"


def test_an_interrupted_wait_stops_the_work_and_leaves_the_session(
    tg: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = current_session()
    assert tg.ones(2).sum().item() == 2.0
    x = tg.full((1400, 1400), 1e-3)
    y = x
    for _ in range(3000):  # minutes, unless it is stopped
        y = y @ x
    waiting = threading.Event()

    def interrupt() -> None:
        if waiting.wait(60):
            os.kill(os.getpid(), signal.SIGINT)

    # A person, too, presses Ctrl-C when the bar shows that it takes long.
    monkeypatch.setattr("telegrad.transport.progress.Bars.waiting", lambda _bars, _elapsed_s: waiting.set())
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            y.sum().item()
    finally:
        waiting.set()
        thread.join()
    z = tg.tensor([2.0], requires_grad=True)
    (z**3).sum().backward()
    assert z.grad.tolist() == [12.0]
    assert "CancelledError" in [message.error for message in current.log.messages]
    assert tg.sum(x).item() == pytest.approx(1960.0, rel=1e-4)


def test_one_backward_is_one_message(tg: ModuleType, messages: Messages) -> None:
    x = tg.arange(4.0, requires_grad=True)
    y = 2 * tg.dot(x, x)
    assert messages() == 0, "recording sends nothing"
    y.backward()
    assert messages() == 1
    x.grad.numpy()
    y.item()
    assert messages() == 0, "small gradients and the loss come along"


def test_a_loop_pays_a_message_a_look(tg: ModuleType, messages: Messages) -> None:
    w = tg.zeros(3, requires_grad=True)
    losses = []
    for _ in range(5):
        loss = ((w - 1.0) ** 2).sum()
        w.grad = None
        loss.backward()
        with tg.no_grad():
            w -= 0.1 * w.grad
        losses.append(loss.item())
    assert messages() <= 6, "a step's gradient, its loss and the step before it travel together"
    assert losses == sorted(losses, reverse=True)
    assert w.tolist() == pytest.approx([1 - 0.8**5] * 3, rel=1e-5)


def test_a_loop_plans_once(tg: ModuleType) -> None:
    w = tg.zeros(3, requires_grad=True)
    for _ in range(6):
        loss = ((w - 1.0) ** 2).sum()
        w.grad = None
        loss.backward()
        with tg.no_grad():
            w -= 0.1 * w.grad
        loss.item()
    tg.synchronize()
    plans = [message.plan_cached for message in current_session().log.messages if message.backwards]
    assert plans[-3:] == [True, True, True]


def test_explain_says_what_was_sent_and_why(tg: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    x = tg.arange(4.0, requires_grad=True)
    where = line_below()
    (x * x).sum().backward()
    x.grad.tolist()
    tg.explain()
    said = capsys.readouterr().out
    assert "backward" in said
    assert where in said


def test_random_numbers_depend_on_the_seed_only(tg: ModuleType) -> None:
    tg.manual_seed(3)
    first = tg.randn(5).tolist()
    tg.manual_seed(3)
    assert tg.randn(5).tolist() == first
    # The same in every place: the key travels with the operator.
    tg.disconnect()
    tg.connect("embedded")
    tg.manual_seed(3)
    assert tg.randn(5).tolist() == first


def test_a_thousand_operators_are_one_chain(tg: ModuleType) -> None:
    x = tg.tensor(1.0, dtype=tg.float64, requires_grad=True)
    y = x
    for _ in range(1000):
        y = y * 1.001
    y.backward()
    assert x.grad.item() == pytest.approx(1.001**1000)
    assert y.item() == pytest.approx(1.001**1000)
