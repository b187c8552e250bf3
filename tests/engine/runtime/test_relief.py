"""What is let go of when memory is short: all that can be computed again, and nothing else."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np

from telegrad_engine.runtime.relief import relieve
from telegrad_engine.session import EngineSession
from tests.engine.drafts import Draft, f32

SIZE = 1000
BYTES = 4 * SIZE
ALL = ((0,), False)


def computed() -> tuple[Draft, int, int, int]:
    """A session that holds a leaf, a value of it, their product's parts for the derivative, and a sum."""
    draft = Draft(EngineSession())
    x = draft.leaf(np.linspace(0.1, 1.0, SIZE, dtype=np.float32), grad=True)
    y = draft.node("sin", x)
    z = draft.node("sum", draft.node("mul", draft.node("exp", y), y), attrs=ALL)
    draft.demand(y)
    draft.demand(z)
    draft.done()
    return draft, x, y, z


def test_the_large_goes_until_there_is_room_and_comes_back_the_same() -> None:
    draft, x, y, z = computed()
    session = draft.session
    before = session.held_bytes
    (shown,) = draft.fetch(y)
    freed = session._device.relief(1)  # type: ignore[misc]
    assert BYTES <= freed < before - BYTES
    assert session.held_bytes == before - freed
    assert session._device.relief(10**9) > 0  # type: ignore[misc]
    assert session.held_bytes == BYTES, "the leaf, which nobody can compute"
    assert {r.decision for r in session.residuals().residuals} >= {"recompute"}
    np.testing.assert_array_equal(draft.fetch(y)[0], shown)
    got = draft.fetch(*draft.backward([z], [x]))
    other, x2, _, z2 = computed()
    np.testing.assert_array_equal(got, other.fetch(*other.backward([z2], [x2])))


def test_nothing_is_let_go_of_while_another_thread_computes() -> None:
    draft, *_ = computed()
    session = draft.session
    results: list[int] = []
    relief = partial(relieve, session._names, session._buffers, session._lock)
    with session._lock:
        thread = threading.Thread(target=lambda: results.append(relief(10**9)))
        thread.start()
        thread.join()
    assert results == [0]


def test_a_leaf_that_would_not_fit_takes_the_place_of_what_can_be_computed_again() -> None:
    draft = Draft(EngineSession(limit_bytes=4 * BYTES))
    x = draft.leaf(f32(np.ones(SIZE)), grad=True)
    y = draft.node("sin", draft.node("sin", x))
    draft.demand(y)
    draft.done()
    assert draft.session.held_bytes == 3 * BYTES
    large = draft.leaf(f32(np.ones(2 * SIZE)))
    draft.done()
    assert draft.session.held_bytes <= 4 * BYTES
    draft.release(large)
    draft.done()
    assert draft.fetch(y)[0].shape == (SIZE,)
