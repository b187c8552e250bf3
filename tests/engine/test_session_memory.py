"""What a session holds in memory, and for how long: counted by the ledger, the plan and the interpreter."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from telegrad_engine.session import EngineSession
from telegrad_proto import dtypes
from telegrad_proto.ir import Buffer
from tests.engine.drafts import Draft, error_of, f32, i64, state_of

SIZE = 50_000
BYTES = 4 * SIZE
ALL = ((0,), False)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Memory must come back by reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def ones(draft: Draft, *, grad: bool = False) -> int:
    return draft.leaf(np.ones(SIZE, np.float32), grad=grad)


def chain(draft: Draft, x: int, n: int, op: str = "sin") -> int:
    for _ in range(n):
        x = draft.node(op, x)
    return x


def traced_peak(draft: Draft) -> int:
    """The most bytes that NumPy and Python allocated on top while the fragment ran."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        draft.done()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("n", [10, 100])
def test_a_forward_pass_without_gradient_holds_what_is_alive(n: int) -> None:
    draft = Draft()
    x = ones(draft)
    draft.done()
    y = chain(draft, x, n)
    draft.demand(y)
    draft.release_all_but(x, y)
    assert traced_peak(draft) < 2 * BYTES + 4_000 * n  # two arrays, and the plan
    assert draft.session.held_bytes == 2 * BYTES


@pytest.mark.parametrize("n", [10, 100])
def test_it_holds_no_more_when_every_value_has_been_looked_at(n: int) -> None:
    draft = Draft()
    x = ones(draft)
    draft.done()
    for _ in range(n):
        y = draft.node("sin", x)
        draft.demand(y)
        draft.release(x)
        draft.done()
        x = y
    assert draft.session.held_bytes == BYTES
    assert len(state_of(draft.session)[2]) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [5, 50])
def test_a_chain_with_gradient_holds_each_value_once(n: int) -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    draft.done()
    y = draft.node("sum", chain(draft, x, n), attrs=ALL)
    draft.demand(y)
    draft.release_all_but(x, y)
    peak = traced_peak(draft)
    assert draft.session.held_bytes == n * BYTES + 4  # sin reads its input: x and all but the last value
    assert peak < (n + 2) * BYTES + 4_000 * n
    (g,) = draft.backward([y], [x])
    draft.demand(g)
    draft.release(y)
    peak = traced_peak(draft)
    assert peak < 4 * BYTES + 8_000 * n
    assert draft.session.held_bytes == 2 * BYTES  # x and its gradient


def test_forward_and_backward_in_one_fragment_keep_nothing_but_the_answer() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    y = draft.node("sum", chain(draft, x, 20), attrs=ALL)
    (g,) = draft.backward([y], [x])
    draft.demand(g)
    draft.demand(y)
    draft.done()
    draft.release_all_but(x, g, y)
    draft.done()
    assert draft.session.held_bytes == 2 * BYTES + 4


def test_an_operator_that_reads_nothing_keeps_nothing() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    y = draft.node("sum", chain(draft, x, 20, "neg"), attrs=ALL)
    draft.demand(y)
    draft.release_all_but(x, y)
    draft.done()
    assert draft.session.held_bytes == BYTES + 4
    assert len(draft.session.residuals().residuals) == 0


def test_with_a_constant_factor_the_data_is_not_kept() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    c = ones(draft)
    y = draft.node("sum", draft.node("mul", draft.node("neg", x), c), attrs=ALL)
    draft.demand(y)
    draft.release_all_but(x, y)
    draft.done()
    assert [r.op for r in draft.session.residuals().residuals] == ["leaf"]  # c


def test_the_residual_list_names_tensor_bytes_decision_and_reason() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    y = draft.node("exp", x)
    z = draft.node("sin", y)
    s = draft.node("sum", z, attrs=ALL)
    draft.demand(s)
    draft.release(z)
    draft.done()
    reply = draft.session.residuals()
    assert reply.held_bytes == draft.session.held_bytes == 2 * BYTES + 4
    (entry,) = reply.residuals  # exp reads what it made, sin what it was given: the same array
    assert entry.value_id == y
    assert entry.op == "exp"
    assert list(entry.spec.shape) == [SIZE]
    assert entry.spec.dtype == dtypes.float32.code
    assert entry.size_bytes == BYTES
    assert entry.decision == "save"
    assert entry.reason == f"the derivative of exp (value {y}) reads it"


@pytest.mark.parametrize("retain", [False, True])
def test_residuals_go_after_backward(retain: bool) -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    y = draft.node("sum", chain(draft, x, 5), attrs=ALL)
    draft.demand(y)
    draft.release_all_but(x, y)
    draft.done()
    assert len(draft.session.residuals().residuals) == 5
    (g,) = draft.backward([y], [x], retain_graph=retain)
    draft.demand(g)
    draft.done()
    assert len(draft.session.residuals().residuals) == (5 if retain else 0)
    assert draft.session.held_bytes == (6 if retain else 2) * BYTES + 4


def test_residuals_go_when_the_gradient_is_no_longer_wanted() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    y = draft.node("sum", chain(draft, x, 5), attrs=ALL)
    draft.fetch(y)
    (g,) = draft.backward([y], [x])
    draft.release_all_but(x, y, g)
    draft.done()
    assert len(draft.session.residuals().residuals) == 5
    draft.release(g)
    draft.done()
    assert len(draft.session.residuals().residuals) == 0
    assert draft.session.held_bytes == BYTES + 4


def test_a_backward_pass_that_only_another_one_wanted_goes_with_it() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    (g,) = draft.backward([draft.node("sin", x)], [x])
    draft.backward([draft.node("mul", x, x)], [x], cotangents=[g])
    draft.done()
    draft.release_all_but()
    draft.done()
    assert draft.session.held_bytes == 0
    assert draft.session._pending == []


def test_residuals_wait_for_the_last_gradient() -> None:
    draft = Draft()
    x, w = ones(draft, grad=True), ones(draft, grad=True)
    y = draft.node("sum", draft.node("mul", draft.node("exp", x), w), attrs=ALL)
    draft.demand(y)
    draft.release_all_but(x, w, y)
    draft.done()
    assert len(draft.session.residuals().residuals) == 2
    gx, gw = draft.backward([y], [x, w])
    draft.demand(gx)
    draft.done()
    assert len(draft.session.residuals().residuals) == 2
    steps = draft.outcome.timings.steps
    draft.demand(gw)
    draft.done()
    assert draft.outcome.timings.steps <= steps
    assert len(draft.session.residuals().residuals) == 0


def test_a_list_of_losses_does_not_hold_the_batches() -> None:
    draft = Draft()
    w = ones(draft, grad=True)
    losses = []
    for _ in range(4):
        x = ones(draft)
        losses.append(draft.node("sum", draft.node("mul", draft.node("mul", x, w), w), attrs=ALL))
        (g,) = draft.backward([losses[-1]], [w])
        draft.fetch(losses[-1], g)
        draft.release_all_but(w, *losses)
        draft.done()
        assert draft.session.held_bytes == BYTES + 4 * len(losses)
    assert len(state_of(draft.session)[2]) == 0  # type: ignore[arg-type]


def test_a_graph_that_another_backward_pass_will_need_is_kept() -> None:
    draft = Draft()
    x = draft.leaf(f32([2]), grad=True)
    y = draft.node("mul", x, x)
    z = draft.node("mul", y, y)
    draft.fetch(y, z)
    (waiting,) = draft.backward([z], [x], retain_graph=True)
    (g,) = draft.backward([y], [x])
    assert draft.fetch(g)[0] == 4
    assert draft.fetch(waiting)[0] == 32


@pytest.mark.usefixtures("no_collector")
def test_all_memory_comes_back_after_releases() -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    y = draft.node("sum", draft.node("mul", chain(draft, x, 3), x), attrs=ALL)
    (g,) = draft.backward([y], [x], create_graph=True)
    (h,) = draft.backward([draft.node("sum", g, attrs=ALL)], [x], retain_graph=True)
    v = draft.node("sort", x, attrs=(0, False, True))
    draft.fetch(y, g, h, v, v + 1)
    draft.release_all_but()
    draft.done()
    assert draft.session.held_bytes == 0
    assert not any(isinstance(o, Buffer) for o in gc.get_objects() if type(o) is Buffer and o.nbytes >= BYTES)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("what", ["computing", "cancelled", "append", "late append"])
def test_an_error_keeps_no_array(what: str) -> None:
    draft = Draft()
    x = ones(draft, grad=True)
    far = draft.leaf(i64([SIZE]))
    draft.done()
    arrays = sys.getrefcount(draft.session._names[x].buffer.array)  # type: ignore[union-attr]
    before = draft.session.held_bytes
    y = draft.node("index", chain(draft, x, 3), far, attrs=((0,),))
    if what == "append":
        draft.fragment.nodes[-1].op = "unknown"
    if what == "late append":
        draft.backward([draft.node("sum", chain(draft, x, 3), attrs=ALL)], [x], create_graph=True)
        draft.release(999)
    if what == "cancelled":
        draft.session.cancel(draft.fragment.seq)
    draft.demand(y)
    error = error_of(draft.send())
    assert error.reason in ("INDEX_RANGE", "CANCELLED", "UNKNOWN_OPERATOR", "STRUCTURE")
    del error
    assert draft.session.held_bytes == before
    if "append" in what:
        after = sys.getrefcount(draft.session._names[x].buffer.array)  # type: ignore[union-attr]
        assert after == arrays
    large = [o for o in gc.get_objects() if type(o) is list and any(type(e) is np.ndarray for e in o)]
    assert all(e.nbytes < BYTES for o in large for e in o if type(e) is np.ndarray)


def test_a_deep_chain_needs_no_recursion() -> None:
    depth = 20_000
    draft = Draft()
    x = draft.leaf(f32([0.5, 1.0]), grad=True)
    y = draft.node("sum", chain(draft, x, depth, "neg"), attrs=ALL)
    (g,) = draft.backward([y], [x], create_graph=True)
    (h,) = draft.backward([y], [x], retain_graph=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        got = draft.fetch(y, g, h)
        draft.session.residuals()
        draft.release_all_but(x)
        draft.done()
        draft.session.close()
    finally:
        sys.setrecursionlimit(limit)
    np.testing.assert_array_equal(got[1], f32([1, 1]))
    np.testing.assert_array_equal(got[2], f32([1, 1]))


def test_a_deep_chain_is_freed_at_once_with_its_session() -> None:
    draft = Draft()
    x = draft.leaf(f32([0.5]), grad=True)
    draft.fetch(chain(draft, x, 20_000))
    session = draft.session
    session.close()
    assert session.held_bytes == 0


def test_a_view_on_a_large_array_does_not_hold_it() -> None:
    draft = Draft()
    x = ones(draft)
    y = draft.node("slice", draft.node("neg", x), attrs=((0,), (3,), (1,)))
    draft.demand(y)
    draft.release_all_but(y)
    draft.done()
    array = draft.session._names[y].buffer.array  # type: ignore[union-attr]
    assert array.base is None or array.base.nbytes < 100
    assert draft.session.held_bytes == 12


class TestLimit:
    """`limit_bytes` refuses before anything runs."""

    def test_an_evaluation_that_does_not_fit_is_refused_with_its_node(self) -> None:
        draft = Draft(EngineSession(limit_bytes=5 * BYTES))
        x = ones(draft)
        draft.done()
        big = draft.node("broadcast_to", x, attrs=((100, SIZE),))
        y = draft.node("sum", big, attrs=((0, 1), False))
        draft.fragment.fetches.append(y)
        error = error_of(draft.send())
        assert error.reason == "OUT_OF_MEMORY"
        assert error.details["node"] == str(big)
        assert f"float32[100, {SIZE}]" in error.message
        assert draft.session.held_bytes == BYTES
        assert draft.outcome.timings.steps == 0
        (z,) = draft.fetch(draft.node("sum", x, attrs=ALL))
        assert z == SIZE

    def test_what_fits_while_it_runs_is_not_refused(self) -> None:
        draft = Draft(EngineSession(limit_bytes=4 * BYTES))
        x = ones(draft)
        y = chain(draft, x, 100)
        draft.demand(y)
        draft.release_all_but(x, y)
        draft.done()
        assert draft.session.held_bytes == 2 * BYTES

    def test_leaves_and_payloads_count(self) -> None:
        draft = Draft(EngineSession(limit_bytes=3 * BYTES))
        ones(draft)
        draft.done()
        sinks = [draft.session.put(bytes([i]) * 32, BYTES) for i in range(2)]
        with pytest.raises(MemoryError, match="the session may hold"):
            draft.session.put(bytes(32), BYTES)
        before = state_of(draft.session)
        small = draft.leaf(np.zeros(16_000, np.float32))
        draft.done()
        del sinks
        draft.release(small)
        draft.done()
        assert state_of(draft.session)[0] == before[0]
        draft.put(bytes(BYTES))  # an upload that was given up holds no room

    def test_a_leaf_that_does_not_fit_is_refused(self) -> None:
        draft = Draft(EngineSession(limit_bytes=1000))
        draft.leaf(np.zeros(200, np.float32))
        draft.done()
        before = state_of(draft.session)
        x = draft.leaf(np.zeros(200, np.float32))
        error = error_of(draft.send())
        assert error.reason == "OUT_OF_MEMORY"
        assert error.details["node"] == str(x)
        assert state_of(draft.session) == before
