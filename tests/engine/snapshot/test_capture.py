"""What is noted of a session, and what is not."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import SessionExpiredError
from telegrad_proto.ir import Node, Value
from tests.engine.drafts import Draft, f32


@pytest.fixture
def draft() -> Draft:
    return Draft()


def test_the_live_graph_and_its_arrays(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]))
    y = draft.node("mul", x, x, needs=[0, 1])
    draft.fetch(y)
    draft.done()
    captured = draft.session.capture()
    assert [node.op for node in captured.graph.nodes] == ["mul"]
    assert [name.id for name in captured.graph.names] == [x, y]
    assert sorted(message.size_bytes for message, _ in captured.blobs()) == [12, 12]
    assert captured.graph.last_id == y


def test_what_was_released_is_gone(draft: Draft) -> None:
    x = draft.leaf(f32([1, 2, 3]))
    y = draft.node("neg", x)
    draft.fetch(y)
    draft.fragment.releases.append(x)
    draft.done()
    captured = draft.session.capture()
    assert not captured.graph.nodes
    assert [name.id for name in captured.graph.names] == [y]
    assert len(captured.arrays) == 1


def test_an_array_is_read_once(draft: Draft) -> None:
    draft.leaf(f32([1, 2, 3]))
    draft.done()
    ((first, data),) = draft.session.capture().blobs()
    ((second, again),) = draft.session.capture().blobs()
    assert second is first
    assert bytes(data()) == bytes(again()) == f32([1, 2, 3]).tobytes()


def test_a_closed_session_has_nothing_to_note(draft: Draft) -> None:
    draft.session.close()
    with pytest.raises(SessionExpiredError):
        draft.session.capture()


def test_whatever_a_node_or_a_value_has_is_noted() -> None:
    """A new attribute may decide about plans: it belongs into a snapshot, and then into this list."""
    assert set(Node.__slots__) == {
        *("op", "inputs", "attrs", "attr_key", "specs", "needs"),  # what it computes
        *("cells", "saved", "freed", "dropped", "origin", "_outputs"),  # what became of it
    }
    assert set(Value.__slots__) == {
        *("spec", "node", "index", "leaf", "tracked", "held", "id", "__weakref__"),
    }
