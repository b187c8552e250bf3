"""Graphs made again. That what they compute is the same, tests/integration/test_snapshots.py shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telegrad_engine.session import EngineSession
from telegrad_proto.errors import OutOfMemoryError, PayloadError, TelegradError
from telegrad_proto.v1 import session_pb2, snapshot_pb2
from tests.engine.drafts import Draft, f32


@pytest.fixture
def draft() -> Draft:
    draft = Draft()
    x = draft.leaf(f32([1, 2, 3]))
    y = draft.node("mul", x, x, needs=[0, 1])
    total = draft.node("sum", y, attrs=((0,), False), needs=[0])
    draft.backward([total], [x])
    draft.fetch(total)
    draft.done()
    return draft


def stored(session: EngineSession) -> tuple[snapshot_pb2.StoredGraph, dict[bytes, bytes]]:
    captured = session.capture()
    blobs = {}
    for message, data in captured.blobs():
        captured.graph.arrays.append(message)
        blobs[message.digest] = bytes(data())
    return captured.graph, blobs


def test_a_pass_still_to_be_computed_is_computed(draft: Draft) -> None:
    graph, blobs = stored(draft.session)
    assert len(graph.pending) == 1
    session = EngineSession()
    session.restore(graph, blobs.__getitem__)
    assert session.held_bytes == draft.session.held_bytes
    assert session.residuals() == draft.session.residuals()
    outcome = session.apply(session_pb2.Fragment(seq=2, fetches=[graph.last_id]))
    assert outcome.values[0].data == f32([2, 4, 6]).tobytes()
    again, _ = stored(session)
    assert not again.pending


def test_a_snapshot_of_a_snapshot_is_the_same(draft: Draft) -> None:
    graph, blobs = stored(draft.session)
    session = EngineSession()
    session.restore(graph, blobs.__getitem__)
    assert stored(session) == (graph, blobs)


def test_it_must_fit(draft: Draft) -> None:
    graph, blobs = stored(draft.session)
    with pytest.raises(OutOfMemoryError, match="snapshot"):
        EngineSession(limit_bytes=20).restore(graph, blobs.__getitem__)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda graph: graph.nodes[0].inputs.append(99),
        lambda graph: graph.nodes[0].inputs.append(0),
        lambda graph: graph.names.add(id=9, value=0),
        lambda graph: graph.names.add(id=9, value=1, array=99),
        lambda graph: graph.pending.add(node=99),
        lambda graph: graph.pending.add(node=0),
        lambda graph: graph.nodes[0].cells.append(0),
        lambda graph: setattr(graph.nodes[0], "op", "nonsense"),
        lambda graph: setattr(graph.nodes[-1], "attrs", b""),
        lambda graph: graph.values[-1].spec.shape.append(5),
        lambda graph: setattr(graph.arrays[0], "digest", bytes(32)),
    ],
)
def test_what_cannot_be_is_refused(draft: Draft, spoil: Callable[[snapshot_pb2.StoredGraph], object]) -> None:
    graph, blobs = stored(draft.session)
    blobs[bytes(32)] = bytes(12)
    spoil(graph)
    session = EngineSession()
    with pytest.raises((TelegradError, PayloadError)):
        session.restore(graph, blobs.__getitem__)
    assert session.held_bytes == 0
