"""Under a bound of memory: what does not fit is computed again, and the answers are the same, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.runtime.gauge import Gauge
from telegrad_engine.session import EngineSession
from telegrad_proto.errors import OutOfMemoryError
from tests.engine.drafts import Array, Draft

SIZE = 5_000
BYTES = 4 * SIZE
ALL = ((0,), False)


def gradient(draft: Draft, n: int, *, apart: bool) -> Array:
    """The gradient of the sum of n sines of sines, in one fragment or forward and backward apart."""
    x = draft.leaf(np.linspace(0.1, 1.0, SIZE, dtype=np.float32), grad=True)
    draft.done()
    y = x
    for _ in range(n):
        y = draft.node("sin", y)
    y = draft.node("sum", y, attrs=ALL)
    if apart:
        draft.demand(y)
        draft.release_all_but(x, y)
        draft.done()
    return draft.fetch(*draft.backward([y], [x]))[0]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("n", [16, 64, 256])
def test_a_deep_chain_needs_memory_with_the_root_of_its_depth(n: int, apart: bool) -> None:
    limit = (2 * int(n**0.5) + 6) * BYTES
    bound = EngineSession(limit_bytes=limit)
    np.testing.assert_array_equal(gradient(Draft(bound), n, apart=apart), gradient(Draft(), n, apart=apart))
    assert bound.held_bytes <= limit


def test_what_is_computed_again_is_listed() -> None:
    draft = Draft(EngineSession(limit_bytes=20 * BYTES))
    x = draft.leaf(np.ones(SIZE, np.float32), grad=True)
    y = x
    for _ in range(50):
        y = draft.node("sin", y)
    draft.demand(y)
    draft.release_all_but(x, y)
    draft.done()
    decisions = [r.decision for r in draft.session.residuals().residuals]
    assert decisions.count("save") < 20 < decisions.count("recompute")
    assert "no room to keep it" in " ".join(r.reason for r in draft.session.residuals().residuals)


def test_a_loop_under_a_bound_plans_once() -> None:
    draft = Draft(EngineSession(limit_bytes=14 * BYTES))
    x = draft.leaf(np.linspace(0.1, 1.0, SIZE, dtype=np.float32), grad=True)
    draft.done()
    plans = []
    for _ in range(5):
        y = x
        made = []
        for _ in range(30):
            y = draft.node("sin", y)
            made.append(y)
        total = draft.node("sum", y, attrs=ALL)
        (g,) = draft.backward([total], [x])
        draft.demand(g)
        draft.release(*made, total)
        known = draft.done().timings.plan_cached
        draft.release(g)
        plans.append(known)
    assert plans[-2:] == [True, True]


def test_what_is_dear_is_kept_before_what_is_cheap() -> None:
    rows = np.eye(60, dtype=np.float32)
    draft = Draft(EngineSession(limit_bytes=16 * rows.nbytes))
    x = draft.leaf(rows, grad=True)
    y = x
    for _ in range(8):
        y = draft.node("sin", draft.node("matmul", y, x))
    draft.demand(y)
    draft.release_all_but(x, y)
    draft.done()
    kept = {r.op for r in draft.session.residuals().residuals if r.decision == "save"} - {"leaf"}
    assert kept == {"matmul"}


def test_sessions_share_a_bound_and_each_gives_way_with_what_it_has() -> None:
    gauge = Gauge(40 * BYTES)
    one, two = Draft(EngineSession(gauge=gauge)), Draft(EngineSession(gauge=gauge))
    expected = gradient(Draft(), 60, apart=True)
    np.testing.assert_array_equal(gradient(one, 60, apart=True), expected)
    np.testing.assert_array_equal(gradient(two, 60, apart=True), expected)
    assert gauge.held_bytes <= gauge.limit_bytes
    with pytest.raises(OutOfMemoryError, match="sessions of this worker"):
        one.leaf(np.ones(41 * SIZE, np.float32))
        one.done()


def test_too_little_is_refused_and_the_session_goes_on() -> None:
    draft = Draft(EngineSession(limit_bytes=4 * BYTES))
    x = draft.leaf(np.ones(SIZE, np.float32), grad=True)
    wide = [draft.node(op, x) for op in ("sin", "cos", "exp", "tanh")]
    total = draft.node("add", draft.node("add", wide[0], wide[1]), draft.node("add", wide[2], wide[3]))
    draft.demand(*wide, total)
    with pytest.raises(OutOfMemoryError, match="the session may hold"):
        draft.done()
    assert draft.fetch(draft.node("sum", x, attrs=ALL))[0] == SIZE
