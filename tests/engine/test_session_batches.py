"""Backward requests with many cotangents: each gradient is that of a request of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from telegrad_engine.session import EngineSession
from telegrad_proto.errors import ShapeError
from tests.engine.drafts import Draft, error_of, f64


@pytest.fixture
def draft() -> Iterator[Draft]:
    session = EngineSession()
    yield Draft(session)
    session.close()


def batched(draft: Draft, root: int, ct: int, wrt: int, *, create_graph: bool = False) -> int:
    (made,) = draft.backward([root], [wrt], cotangents=[ct], retain_graph=True, create_graph=create_graph)
    draft.fragment.backwards[-1].batched = True
    return made


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_jacobian_is_one_request(draft: Draft, create_graph: bool) -> None:
    matrix, point = f64([[1, 2, 3], [4, 5, 6]]), f64([[0.1], [0.2], [0.3]])
    w, x = draft.leaf(matrix), draft.leaf(point, grad=True)
    y = draft.node("tanh", draft.node("matmul", w, x))
    ct = draft.leaf(np.eye(2).reshape(2, 2, 1))
    (found,) = draft.fetch(batched(draft, y, ct, x, create_graph=create_graph))
    slope = 1 - np.tanh(matrix @ point) ** 2
    np.testing.assert_allclose(found[..., 0], slope * matrix, rtol=1e-12)


def test_batches_of_other_sizes_have_plans_of_their_own(draft: Draft) -> None:
    x = draft.leaf(f64([1, 2, 3]), grad=True)
    y = draft.node("sin", x)
    for size in (1, 4, 0, 3):
        weights = np.arange(3.0 * size).reshape(size, 3)
        (found,) = draft.fetch(batched(draft, y, draft.leaf(weights), x))
        np.testing.assert_allclose(found, weights * np.cos([1, 2, 3]), rtol=1e-12)
    weights = np.ones((3, 3))
    (found,) = draft.fetch(batched(draft, y, draft.leaf(weights), x))
    assert draft.outcome.timings.plan_cached
    np.testing.assert_allclose(found, weights * np.cos([1, 2, 3]), rtol=1e-12)


def test_a_cotangent_without_the_axis_is_refused(draft: Draft) -> None:
    x = draft.leaf(f64([1, 2, 3]), grad=True)
    y = draft.node("sin", x)
    batched(draft, y, x, x)
    error = error_of(draft.send())
    assert isinstance(error, ShapeError)
    assert "its root's shape and type" in error.message
