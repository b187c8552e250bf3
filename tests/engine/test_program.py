"""Programs called, against the same formulas in NumPy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from telegrad_engine.program import Program
from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.errors import (
    ArgumentError,
    ArityError,
    CancelledError,
    DTypeError,
    GradientError,
    OutOfMemoryError,
    ShapeError,
)
from tests.program_drafts import Draft, mean_of_sines

Array = np.ndarray[Any, Any]

RNG = np.random.default_rng(20261122)
W = RNG.normal(size=4)


@pytest.fixture(scope="module")
def program() -> Program:
    return Program.from_bytes(mean_of_sines().raw())


def rows(n: int) -> Array:
    return RNG.normal(size=(n, 4))


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("n", [1, 2, 3, 64])
def test_values_and_gradients_for_any_length_of_batch(device: str, n: int) -> None:
    program = Program.from_bytes(mean_of_sines().raw(), device=device)
    x = rows(n)
    answer = program.call("value_and_grad", {"x": x, "w": W})
    np.testing.assert_allclose(answer.outputs[0], np.sin(W * x).sum() / n)
    np.testing.assert_allclose(answer.outputs[1], np.sin(W * x).sum(1, keepdims=True))
    np.testing.assert_allclose(answer.gradients[0], (np.cos(W * x) * x).sum(0) / n)
    value = program.call("value", [W, x])
    assert value.gradients == ()
    np.testing.assert_array_equal(value.outputs[0], answer.outputs[0])


@pytest.mark.parametrize("n", [1, 5])
def test_rows_are_batches_of_one(program: Program, n: int) -> None:
    x = rows(n)
    answer = program.call("per_sample", [W, x], wrt=["w", "x"])
    np.testing.assert_allclose(answer.outputs[0], np.sin(W * x).sum(1))
    np.testing.assert_allclose(answer.outputs[1], np.sin(W * x).sum(1, keepdims=True))
    np.testing.assert_allclose(answer.gradients[0], np.cos(W * x) * x)
    np.testing.assert_allclose(answer.gradients[1], np.cos(W * x) * W)
    plain = program.call("per_sample", [W, x], wrt=[])
    assert plain.gradients == ()
    for i in range(n):
        single = program.call("value_and_grad", [W, x[i : i + 1]])
        np.testing.assert_allclose(answer.gradients[0][i], single.gradients[0])


def test_no_rows_at_all(program: Program) -> None:
    answer = program.call("per_sample", [W, rows(0)])
    assert answer.gradients[0].shape == (0, 4)
    assert np.isnan(program.call("value", [W, rows(0)]).outputs[0])


def test_cotangents_are_pulled_back_and_tangents_pushed_on(program: Program) -> None:
    x, t = rows(3), RNG.normal(size=4)
    cts = [np.array(2.0), RNG.normal(size=(3, 1))]
    pulled = program.call("vjp", [W, x], wrt=["x"], extra=cts)
    np.testing.assert_allclose(pulled.gradients[0], np.cos(W * x) * W * (2 / 3 + cts[1]))
    pushed = program.call("jvp", [W, x], extra=[t])
    moved = np.cos(W * x) * x * t
    np.testing.assert_allclose(pushed.gradients[0], moved.sum() / 3)
    np.testing.assert_allclose(pushed.gradients[1], moved.sum(1, keepdims=True))


def test_an_input_may_be_an_output_and_an_output_stand_twice() -> None:
    draft = Draft()
    x = draft.input("x", 2)
    y = draft.node("neg", x)
    for id_ in (x, y, y):
        draft.output(id_)
    program = Program.from_bytes(draft.raw())
    answer = program.call("vjp", [np.ones(2)], extra=[np.ones(2)] * 3)
    np.testing.assert_array_equal(answer.outputs, [[1, 1], [-1, -1], [-1, -1]])
    np.testing.assert_array_equal(answer.gradients[0], [-1, -1])


def test_gradients_inside_a_program_are_values_of_it() -> None:
    draft = Draft()
    x = draft.input("x", 3)
    cubes = draft.node("mul", draft.node("mul", x, x, needs=(0, 1)), x, needs=(0, 1))
    total = draft.node("sum", cubes, attrs=((0,), False))
    inner = draft._id()
    draft.message.backwards.add(
        after=3, roots=[total], cotangents=[0], wrt=[x], gradients=[inner], create_graph=True
    )
    draft.output(draft.node("sum", inner, attrs=((0,), False)))
    program = Program.from_bytes(draft.raw())
    x_array = np.array([1.0, 2.0, 3.0])
    answer = program.call("value_and_grad", [x_array])
    np.testing.assert_allclose(answer.outputs[0], (3 * x_array**2).sum())
    np.testing.assert_allclose(answer.gradients[0], 6 * x_array)
    draft.message.backwards[0].create_graph = False
    draft.message.nodes[-1].ClearField("needs")
    cut = Program.from_bytes(draft.raw())
    np.testing.assert_array_equal(cut.call("value_and_grad", [x_array]).gradients[0], np.zeros(3))


def test_plans_are_made_once_and_forgotten_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telegrad_engine.program._PLANS_KEPT", 2)
    program = Program.from_bytes(mean_of_sines().raw())
    cached = [program.call("value", [W, rows(n)]).plan_cached for n in (1, 2, 1, 3, 1, 2)]
    assert cached == [False, False, True, False, True, False]


def test_calls_run_at_once_and_agree(program: Program) -> None:
    x = rows(256)
    wanted = program.call("value_and_grad", [W, x]).gradients[0]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: program.call("value_and_grad", [W, x]).gradients[0], range(32)))
    for gradient in found:
        np.testing.assert_array_equal(gradient, wanted)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"mode": "hessian"}, ArgumentError, "requires a mode of value"),
        ({"inputs": [W]}, ArityError, "takes 2 arrays, got 1"),
        ({"inputs": {"w": W}}, ArgumentError, "takes w, x; got no x"),
        ({"inputs": {"w": W, "x": rows(3), "z": W}}, ArgumentError, "got 'z' too"),
        (
            {"inputs": [W, rows(3)[:, :3]]},
            ShapeError,
            r"input x: requires float64\[3, 4\], got shape \[3, 3\]",
        ),
        ({"inputs": [W, np.float64(3)]}, ShapeError, "requires a batch axis"),
        (
            {"inputs": [W.astype(np.float32), rows(3)]},
            DTypeError,
            r"input w: requires float64\[4\], got type float32",
        ),
        ({"wrt": ["q"]}, ArgumentError, "has no input 'q'"),
        ({"wrt": [7]}, ArgumentError, "has no input 7"),
        ({"wrt": ["w", 0]}, ArgumentError, "twice"),
        ({"mode": "vjp", "extra": []}, ArityError, "requires 2 arrays beside the inputs, got 0"),
        ({"mode": "jvp", "extra": [np.ones(5)]}, ShapeError, "jvp: array 0 beside"),
    ],
)
def test_calls_that_do_not_fit_are_refused(
    program: Program, arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    call = {"mode": "value_and_grad", "inputs": [W, rows(3)], **arguments}
    with pytest.raises(error, match=text):
        program.call(call.pop("mode"), call.pop("inputs"), **call)


def test_batches_of_two_lengths_are_refused() -> None:
    draft = Draft(length=2)
    a, b = draft.input("a", 2, batched=True), draft.input("b", 2, batched=True)
    draft.output(draft.node("add", a, b, needs=(0, 1)), batched=True)
    with pytest.raises(ShapeError, match="one length of batch for all, got 3 and 4"):
        Program.from_bytes(draft.raw()).call("value", [np.ones(3), np.ones(4)])


def test_integers_take_no_gradient() -> None:
    draft = Draft()
    draft.output(draft.node("neg", draft.input("k", 2, dtype="<i8"), needs=()))
    program = Program.from_bytes(draft.raw())
    assert program.parameters == ()
    with pytest.raises(GradientError, match="input k: gradients are for floating point"):
        program.call("vjp", [np.ones(2, np.int64)], wrt=["k"])


def test_a_call_that_would_hold_too_much_is_refused_before_it_runs() -> None:
    program = Program.from_bytes(mean_of_sines().raw(), limit_bytes=2_000)
    program.call("value", [W, rows(3)])
    with pytest.raises(OutOfMemoryError, match="may hold 2000 bytes"):
        program.call("value", [W, rows(100)])


def test_a_call_can_be_stopped(program: Program) -> None:
    interrupt = Interrupt()
    interrupt.cancel()
    with pytest.raises(CancelledError):
        program.call("value", [W, rows(3)], interrupt=interrupt)
