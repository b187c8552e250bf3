"""What a session computes: values and gradients, in whatever parts they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.session import EngineSession
from telegrad_proto import dtypes
from telegrad_proto.limits import INLINE_BYTES, MAX_MESSAGE_BYTES
from tests.engine.drafts import Draft, c128, error_of, f32, f64, i64, state_of

ALL = ((0,), False)


@pytest.fixture
def draft() -> Draft:
    return Draft()


def cubes(draft: Draft, x: int) -> int:
    """The sum of x^3."""
    return draft.node("sum", draft.node("mul", draft.node("mul", x, x), x), attrs=ALL)


def test_value_and_gradient_in_one_fragment(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]), grad=True)
    y = cubes(draft, x)
    (g,) = draft.backward([y], [x])
    value, gradient = draft.fetch(y, g)
    np.testing.assert_array_equal(value, f32(36))
    np.testing.assert_array_equal(gradient, f32([3, 12, 27]))
    assert draft.outcome.seq == 1
    assert draft.outcome.timings.steps > 0
    assert draft.outcome.timings.apply_ns > 0


def test_backward_in_a_later_fragment(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]), grad=True)
    y = cubes(draft, x)
    draft.fetch(y)
    (g,) = draft.backward([y], [x])
    np.testing.assert_array_equal(draft.fetch(g)[0], f32([3, 12, 27]))


def test_nothing_is_computed_that_nobody_asked_for(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2]))
    draft.node("sin", x)
    assert draft.done().timings.steps == 0


def test_demands_are_computed_and_kept(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2]))
    y = draft.node("neg", x)
    draft.demand(y)
    assert draft.done().timings.steps == 1
    np.testing.assert_array_equal(draft.fetch(y)[0], f32([-1, -2]))
    assert draft.outcome.timings.steps == 0


def test_a_cotangent_weighs(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]), grad=True)
    y = draft.node("mul", x, x)
    ct = draft.leaf(f32([1, 10, 100]))
    (g,) = draft.backward([y], [x], cotangents=[ct])
    np.testing.assert_array_equal(draft.fetch(g)[0], f32([2, 40, 600]))


def test_several_roots_add_up(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2]), grad=True)
    y = draft.node("mul", x, x)
    z = draft.node("sum", x, attrs=ALL)
    ct = draft.leaf(f32([1, 1]))
    (g,) = draft.backward([y, z, z], [x], cotangents=[ct, 0, 0])
    np.testing.assert_array_equal(draft.fetch(g)[0], f32([4, 6]))


def test_a_root_by_itself_and_by_what_is_inside(draft: Draft) -> None:
    x = draft.leaf(f32([2]), grad=True)
    y = draft.node("mul", x, x)
    z = draft.node("mul", y, y)
    gz, gy, gx = draft.backward([z], [z, y, x])
    got = draft.fetch(gz, gy, gx)
    np.testing.assert_array_equal(np.concatenate(got), f32([1, 8, 32]))


def test_the_same_value_twice_in_wrt(draft: Draft) -> None:
    x = draft.leaf(f32([2]), grad=True)
    one, two = draft.backward([draft.node("mul", x, x)], [x, x])
    np.testing.assert_array_equal(np.concatenate(draft.fetch(one, two)), f32([4, 4]))
    for create_graph in (False, True):
        ids = draft.backward([draft.node("mul", x, x)], [x, x], create_graph=create_graph)
        np.testing.assert_array_equal(np.concatenate(draft.fetch(*ids)), f32([4, 4]))


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_gradient_of_an_unused_value_is_zeros(draft: Draft, create_graph: bool) -> None:
    x = draft.leaf(f32([2, 3]), grad=True)
    w = draft.leaf(f64([[1, 2]]), grad=True)
    gx, gw = draft.backward([draft.node("mul", x, x)], [x, w], create_graph=create_graph)
    got = draft.fetch(gx, gw)
    np.testing.assert_array_equal(got[0], f32([4, 6]))
    np.testing.assert_array_equal(got[1], np.zeros((1, 2)))
    assert got[1].dtype == np.float64


def test_gradients_in_parts(draft: Draft) -> None:
    xs = [draft.leaf(f32([k, 2 * k]), grad=True) for k in (1, 2, 3)]
    y = draft.node("mul", draft.node("mul", xs[0], xs[1]), xs[2])
    g = draft.backward([draft.node("sum", y, attrs=ALL)], xs)
    np.testing.assert_array_equal(draft.fetch(g[1])[0], f32([3, 12]))
    np.testing.assert_array_equal(draft.fetch(g[0], g[1])[0], f32([6, 24]))
    draft.release(xs[0], g[0])
    np.testing.assert_array_equal(draft.fetch(g[2], g[1])[0], f32([2, 8]))


def test_several_backward_requests_in_one_fragment(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2]), grad=True)
    y = draft.node("mul", x, x)
    (one,) = draft.backward([draft.node("sum", y, attrs=ALL)], [x], retain_graph=True)
    z = draft.node("mul", y, x)
    (two,) = draft.backward([draft.node("sum", z, attrs=ALL)], [x])
    w = draft.node("add", one, two)
    got = draft.fetch(one, two, w)
    np.testing.assert_array_equal(got[0], f32([2, 4]))
    np.testing.assert_array_equal(got[1], f32([3, 12]))
    np.testing.assert_array_equal(got[2], f32([5, 16]))


def test_retain_graph_and_a_second_backward(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]), grad=True)
    y = cubes(draft, x)
    (one,) = draft.backward([y], [x], retain_graph=True)
    first = draft.fetch(one)[0]
    (two,) = draft.backward([y], [x])
    np.testing.assert_array_equal(draft.fetch(two)[0], first)


def test_a_retained_graph_when_only_some_inputs_are_read(draft: Draft) -> None:
    a = draft.leaf(f32([2]), grad=True)
    b = draft.leaf(f32([3]), grad=True)
    y = draft.node("mul", a, b)
    z = draft.node("mul", y, y)
    draft.fetch(y, z)
    (g,) = draft.backward([z], [a], retain_graph=True)
    np.testing.assert_array_equal(draft.fetch(g)[0], f32([36]))
    (h,) = draft.backward([z], [b], retain_graph=True)
    np.testing.assert_array_equal(draft.fetch(h)[0], f32([24]))


def test_outputs_that_carry_no_gradient_are_known_beside_those_that_do(draft: Draft) -> None:
    x = draft.leaf(f32([3, 1, 2]), grad=True)
    values = draft.node("sort", x, attrs=(0, False, True))
    order = values + 1
    got = draft.fetch(values, order)
    np.testing.assert_array_equal(got[1], i64([1, 2, 0]))
    square = draft.node("mul", values, values)
    (g,) = draft.backward([square], [x], retain_graph=True)
    np.testing.assert_array_equal(draft.fetch(g)[0], f32([6, 2, 4]))
    draft.release(values)
    np.testing.assert_array_equal(draft.fetch(order)[0], i64([1, 2, 0]))


def test_create_graph_to_the_third_order(draft: Draft) -> None:
    x = draft.leaf(f64([0.5, -1.5]), grad=True)
    y = draft.node("sin", x)
    orders = []
    for _ in range(3):
        (y,) = draft.backward([y], [x], create_graph=True)
        orders.append(y)
    got = draft.fetch(*orders)
    x_ = f64([0.5, -1.5])
    np.testing.assert_allclose(got, [np.cos(x_), -np.sin(x_), -np.cos(x_)], rtol=1e-15)


def test_create_graph_over_fragments(draft: Draft) -> None:
    x = draft.leaf(f64([0.5, -1.5]), grad=True)
    y = draft.node("sum", draft.node("exp", draft.node("mul", x, x)), attrs=ALL)
    (g,) = draft.backward([y], [x], create_graph=True)
    draft.fetch(y, g)
    (h,) = draft.backward([draft.node("sum", g, attrs=ALL)], [x])
    x_ = f64([0.5, -1.5])
    np.testing.assert_allclose(draft.fetch(h)[0], (2 + 4 * x_**2) * np.exp(x_**2), rtol=1e-14)


def test_a_gradient_that_is_its_own_cotangent(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2]), grad=True)
    y = draft.node("identity", x)
    ct = draft.leaf(f32([3, 4]), grad=True)
    one, two = draft.backward([y], [x, y], cotangents=[ct], create_graph=True)
    assert len({ct, one, two}) == 3
    (dct,) = draft.backward([one], [ct])
    got = draft.fetch(one, two, dct)
    np.testing.assert_array_equal(got, [f32([3, 4]), f32([3, 4]), f32([1, 1])])


def test_complex_gradients_are_conjugate(draft: Draft) -> None:
    z_ = c128([1 + 2j, -3j])
    z = draft.leaf(z_, grad=True)
    w = draft.node("mul", z, z)
    size = draft.node("real", draft.node("mul", w, draft.node("conj", w)))
    (g,) = draft.backward([draft.node("sum", size, attrs=ALL)], [z])
    np.testing.assert_allclose(draft.fetch(g)[0], 4 * np.abs(z_) ** 2 * z_, rtol=1e-15)


def test_a_real_input_of_a_complex_function_has_a_real_gradient(draft: Draft) -> None:
    x = draft.leaf(f64([1, 2]), grad=True)
    z = draft.node("cast", x, attrs=(dtypes.complex128,))
    ct = draft.leaf(c128([1 + 5j, 2j]))
    (g,) = draft.backward([draft.node("mul", z, z)], [x], cotangents=[ct])
    got = draft.fetch(g)[0]
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, [2, 0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0])
def test_nan_and_infinity_in_constants(draft: Draft, value: float) -> None:
    x = draft.leaf(f32([value, 1]), grad=True)
    c = draft.node("full", attrs=((2,), value, dtypes.float32))
    y = draft.node("mul", x, c)
    (g,) = draft.backward([y], [x])
    got = draft.fetch(x, c, y, g)
    with np.errstate(all="ignore"):
        want = [f32([value, 1]), f32([value] * 2), f32([value, 1]) * f32(value), f32([value] * 2)]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(np.signbit(a), np.signbit(b))


def test_plans_with_nan_are_found_again(draft: Draft) -> None:
    for _ in range(3):
        draft.fetch(draft.node("full", attrs=((2,), float("nan"), dtypes.float32)))
    assert draft.outcome.timings.plan_cached


def test_minus_zero_and_zero_have_plans_of_their_own(draft: Draft) -> None:
    for value in (0.0, -0.0, 0.0, -0.0):
        (got,) = draft.fetch(draft.node("full", attrs=((1,), value, dtypes.float32)))
        assert np.signbit(got[0]) == np.signbit(value)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_empty_tensors(draft: Draft, shape: tuple[int, ...]) -> None:
    x = draft.leaf(np.zeros(shape, np.float32), grad=True)
    y = draft.node("sum", draft.node("mul", x, x), attrs=(tuple(range(len(shape))), False))
    (g,) = draft.backward([y], [x])
    got = draft.fetch(x, y, g)
    assert [a.shape for a in got] == [shape, (), shape]
    assert got[1] == 0
    assert draft.session.get(g)[1].nbytes == 0


def test_zero_dimensional_tensors(draft: Draft) -> None:
    x = draft.leaf(f32(3), grad=True)
    y = draft.node("sum", draft.node("mul", x, x), attrs=((), False))
    (g,) = draft.backward([y], [x])
    got = draft.fetch(x, y, g)
    assert [a.shape for a in got] == [(), (), ()]
    assert [float(a) for a in got] == [3, 9, 6]
    assert bytes(draft.session.get(g)[1]) == f32(6).tobytes()


@pytest.mark.parametrize("dtype", [d.typestr for d in dtypes.ALL])
def test_every_element_type_goes_in_and_out(draft: Draft, dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    x = draft.leaf(array)
    y = draft.node("transpose", x, attrs=((1, 0),))
    got = draft.fetch(x, y)
    np.testing.assert_array_equal(got[1], array.T)
    assert got[0].dtype == got[1].dtype == array.dtype
    assert bytes(draft.session.get(y)[1]) == array.T.tobytes()


def test_large_values_travel_apart(draft: Draft) -> None:
    array = np.arange(INLINE_BYTES // 4 + 1, dtype=np.float32)
    x = draft.leaf(array)
    (got,) = draft.fetch(draft.node("neg", x))
    assert draft.outcome.values[0].by_get
    np.testing.assert_array_equal(got, -array)
    (small,) = draft.fetch(draft.node("neg", draft.leaf(array[:-1])))
    assert not draft.outcome.values[0].by_get
    np.testing.assert_array_equal(small, -array[:-1])


def test_many_answers_fit_one_message(draft: Draft) -> None:
    x = draft.leaf(np.ones(INLINE_BYTES // 4, np.float32))
    many = [draft.node("neg", x) for _ in range(100)]
    got = draft.fetch(*many)
    assert draft.outcome.ByteSize() < MAX_MESSAGE_BYTES
    assert all((a == -1).all() for a in got)


def test_one_payload_serves_many_leaves(draft: Draft) -> None:
    array = np.arange(30_000, dtype=np.float32)
    a = draft.leaf(array)
    b = draft.leaf(array)
    draft.fetch(draft.node("add", a, b))
    assert draft.session.held_bytes == 2 * array.nbytes  # the leaves' one, and the sum
    draft.release(a, b)
    draft.done()
    assert draft.session.missing([draft.put(array.tobytes())]) == []


def test_an_error_while_computing_leaves_the_nodes_in_place(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]), grad=True)
    far = draft.leaf(i64([7]))
    y = draft.node("index", x, far, attrs=((0,),))
    z = draft.node("neg", x)
    draft.fragment.fetches.extend([z, y])
    error = error_of(draft.send())
    assert error.reason == "INDEX_RANGE"
    assert (error.details["op"], error.details["node"]) == ("index", str(y))
    assert len(draft.outcome.values) == 0
    before = state_of(draft.session)
    draft.fragment.fetches.append(y)
    assert error_of(draft.send()).reason == "INDEX_RANGE"
    assert state_of(draft.session) == before
    np.testing.assert_array_equal(draft.fetch(z)[0], f32([-1, -2, -3]))


def test_an_error_in_a_gradient_names_the_forward_value(draft: Draft) -> None:
    x = draft.leaf(np.zeros((2, 2)), grad=True)
    y = draft.node("matrix_exp", x)
    c = draft.node("cholesky", x)
    draft.fetch(y)
    (g,) = draft.backward([c], [x])
    draft.fragment.fetches.append(g)
    error = error_of(draft.send())
    assert error.reason == "LINALG"
    assert error.details["node"] == str(c)


def test_a_defect_is_an_incident_and_nothing_else(
    draft: Draft, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    x = draft.leaf(f32([1]))
    draft.done()
    before = state_of(draft.session)

    def defect(*_: object) -> None:
        raise ZeroDivisionError("a secret of the server")

    monkeypatch.setattr(draft.session, "_check_releases", defect)
    draft.node("neg", x)
    error = error_of(draft.send())
    assert error.reason == "INTERNAL"
    assert error.details["incident"] in error.message
    assert "secret" not in str(draft.outcome)
    assert "secret" in caplog.text
    assert error.details["incident"] in caplog.text
    monkeypatch.undo()
    assert state_of(draft.session) == before
    draft.fetch(x)


def test_a_training_loop_plans_once(draft: Draft) -> None:
    plans = PlanCache()
    draft = Draft(EngineSession(plans=plans))
    w = draft.leaf(f32([1, 1, 1]), grad=True)
    losses = []
    for step in range(12):
        lr = draft.leaf(
            f32(0.1 / (1 + step))
        )  # a scalar that changes is a leaf: the plan does not depend on it
        x = draft.leaf(f32([step, 1, 2]))
        loss = draft.node("sum", draft.node("mul", draft.node("mul", w, w), x), attrs=ALL)
        (g,) = draft.backward([loss], [w])
        new = draft.node("sub", w, draft.node("mul", lr, g, needs=()), needs=())
        draft.demand(new)
        losses.append(draft.fetch(loss)[0])
        draft.release_all_but(new)
        w = new
        draft.grad.add(w)
    assert len(set(map(float, losses))) == 12
    assert plans.misses <= 2  # the first step finds no plan, the second has its parameter elsewhere


def test_a_lazy_training_loop_keeps_no_history(draft: Draft) -> None:
    w = draft.leaf(f32([1, 1, 1]), grad=True)
    lr = draft.leaf(f32(0.01))
    held, live = [], []
    g = None
    for _ in range(6):
        if g:
            w = draft.node("sub", w, draft.node("mul", lr, g, needs=()), needs=())
        draft.grad.add(w)  # the update and the next step are one fragment: w is tracked before it is computed
        loss = draft.node("sum", draft.node("mul", w, w), attrs=ALL)
        (new,) = draft.backward([loss], [w])
        draft.demand(new)
        draft.release_all_but(w, lr, new)
        draft.done()
        g = new
        held.append(draft.session.held_bytes)
        live.append(len(state_of(draft.session)[2]))  # type: ignore[arg-type]
    assert len(set(held[1:])) == 1
    assert len(set(live[1:])) == 1
