"""Shortcuts must give what the long way gives, and must not be taken where something is unusual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest

from telegrad_engine.recurring import Recurring, structure_of
from telegrad_engine.session import EngineSession
from telegrad_proto import dtypes
from telegrad_proto.codec import encode_attrs, encode_spec
from telegrad_proto.errors import OutOfMemoryError, StructureError, TelegradError
from telegrad_proto.form import compact, expand
from telegrad_proto.spec import Spec
from telegrad_proto.status import from_status
from telegrad_proto.v1 import graph_pb2, session_pb2

F4 = Spec((4,), dtypes.float32)
ALL = encode_attrs(((0,), False))

#: The fields that a structure is made of: a new one changes what a fragment does, so the key needs it.
KNOWN_FIELDS = {
    session_pb2.Fragment: (
        "seq leaves nodes backwards fetches demands releases timeout_ms snapshot form base outside notes"
    ),
    graph_pb2.Leaf: "id spec data digest",
    graph_pb2.Node: "op inputs attrs output needs",
    graph_pb2.Backward: "after roots cotangents wrt gradients retain_graph create_graph batched",
}


@pytest.fixture
def session() -> Iterator[EngineSession]:
    made = EngineSession()
    yield made
    made.close()


@pytest.fixture
def follows() -> Iterator[mock.Mock]:
    """Counts how often a shortcut was taken to its end."""
    taken = mock.Mock()
    follow = Recurring.follow

    def counted(self: Recurring, *args: object) -> object:
        values = follow(self, *args)  # type: ignore[arg-type]
        if values is not None:
            taken()
        return values

    with mock.patch.object(Recurring, "follow", counted):
        yield taken


def step(base: int, data: list[float], *, seq: int, releases: tuple[int, ...] = ()) -> session_pb2.Fragment:
    """x -> sum(x * x) and its gradient, with ids after `base`."""
    return compact(plain_step(base, data, seq=seq, releases=releases), base, ())


def plain_step(
    base: int, data: list[float], *, seq: int, releases: tuple[int, ...] = ()
) -> session_pb2.Fragment:
    fragment = session_pb2.Fragment(seq=seq, fetches=[base + 3, base + 4], releases=[base + 2, *releases])
    fragment.leaves.add(id=base + 1, spec=encode_spec(F4), data=np.asarray(data, "<f4").tobytes())
    fragment.nodes.add(op="mul", inputs=[base + 1, base + 1], output=base + 2, needs=[0, 1])
    fragment.nodes.add(op="sum", inputs=[base + 2], attrs=ALL, output=base + 3, needs=[0])
    fragment.backwards.add(after=2, roots=[base + 3], cotangents=[0], wrt=[base + 1], gradients=[base + 4])
    return fragment


def arrays(outcome: session_pb2.Outcome) -> list[list[float]]:
    assert not outcome.HasField("error"), outcome.error
    return [np.frombuffer(v.data, "<f4").tolist() for v in outcome.values]


def test_every_field_of_the_messages_is_thought_of() -> None:
    message: Any  # the stubs do not tell of descriptors
    for message, fields in KNOWN_FIELDS.items():
        assert [f.name for f in message.DESCRIPTOR.fields] == fields.split()


def test_a_loop_takes_the_shortcut_and_computes_on_the_new_numbers(
    session: EngineSession, follows: mock.Mock
) -> None:
    for turn in range(6):
        data = [float(turn), 1.0, 2.0, -3.0]
        gone = tuple(4 * turn - 4 + k for k in (1, 3, 4)) if turn else ()
        outcome = session.apply(step(4 * turn, data, seq=turn + 1, releases=gone))
        assert arrays(outcome) == [[float(np.dot(data, data))], [2 * v for v in data]]
        assert outcome.applied
    assert follows.call_count == 5
    assert session.held_bytes == 16 + 4 + 16  # one turn's leaf, sum and gradient


def test_results_of_a_shortcut_are_values_like_others(session: EngineSession, follows: mock.Mock) -> None:
    session.apply(step(0, [1, 2, 3, 4], seq=1))
    session.apply(step(4, [5, 6, 7, 8], seq=2))
    assert follows.call_count == 1
    later = session_pb2.Fragment(seq=3, fetches=[9])
    later.nodes.add(op="add", inputs=[8, 5], output=9)  # gradient and leaf
    assert arrays(session.apply(later)) == [[15.0, 18.0, 21.0, 24.0]]


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.outside.append(3),  # what the form knows nothing of
        lambda f: f.releases.append(98),  # released, never defined
        lambda f: f.releases.extend([1, 1]),  # twice
        lambda f: setattr(f.leaves[0], "data", b"123"),
        lambda f: setattr(f.leaves[0], "id", 7),
        lambda f: f.leaves.add(data=bytes(16)),
        lambda f: f.leaves.pop(),
        lambda f: f.nodes.add(op="neg", inputs=[1], output=20),  # beside the form
        lambda f: f.fetches.append(1),
        lambda f: setattr(f, "base", 0),  # ids that were used before
        lambda f: setattr(f, "base", 2**63),
        lambda f: setattr(f, "form", f.form[:-1]),
    ],
)
def test_what_is_wrong_goes_the_long_way_and_changes_nothing(
    session: EngineSession, follows: mock.Mock, change: mock.Mock
) -> None:
    session.apply(step(0, [1, 2, 3, 4], seq=1))
    before = session.held_bytes
    wrong = step(4, [1, 2, 3, 4], seq=2)
    change(wrong)
    outcome = session.apply(wrong)
    assert isinstance(from_status(outcome.error), TelegradError)
    assert not outcome.applied
    assert follows.call_count == 0
    assert session.held_bytes == before
    assert arrays(session.apply(step(4, [1, 2, 3, 4], seq=2))) == [[30.0], [2.0, 4.0, 6.0, 8.0]]


def test_a_value_with_a_graph_behind_it_is_no_case_for_a_shortcut(session: EngineSession) -> None:
    session.apply(step(0, [1, 2, 3, 4], seq=1))
    lazy = session_pb2.Fragment(seq=2)
    lazy.nodes.add(op="mul", inputs=[1, 1], output=11)
    session.apply(lazy)
    plain = session_pb2.Fragment(seq=3, fetches=[21])
    plain.nodes.add(op="add", inputs=[11, 1], output=21)
    use = compact(plain, 20, (11, 1))
    assert structure_of(use, 11, session._names) is None
    assert arrays(session.apply(use)) == [[2.0, 6.0, 12.0, 20.0]]


def test_retained_graphs_are_no_case_for_a_shortcut(session: EngineSession, follows: mock.Mock) -> None:
    for turn in range(3):
        fragment = plain_step(4 * turn, [1, 2, 3, 4], seq=turn + 1)
        fragment.backwards[0].retain_graph = True
        fragment = compact(fragment, 4 * turn, ())
        assert arrays(session.apply(fragment))[1] == [2.0, 4.0, 6.0, 8.0]
    assert follows.call_count == 0


def test_an_error_while_computing_is_that_of_the_long_way(session: EngineSession) -> None:
    spec = Spec((3,), dtypes.float32)
    for turn, position in enumerate((1, 2, 7)):
        base = 3 * turn
        fragment = session_pb2.Fragment(seq=turn + 1, fetches=[base + 3])
        fragment.leaves.add(id=base + 1, spec=encode_spec(spec), data=np.arange(3, dtype="<f4").tobytes())
        index = Spec((1,), dtypes.int64)
        fragment.leaves.add(id=base + 2, spec=encode_spec(index), data=np.int64(position).tobytes())
        attrs = encode_attrs(((0,),))
        fragment.nodes.add(op="index", inputs=[base + 1, base + 2], attrs=attrs, output=base + 3)
        outcome = session.apply(compact(fragment, base, ()))
        if position < 3:
            assert arrays(outcome) == [[float(position)]]
        else:
            error = from_status(outcome.error)
            assert "out of bounds" in str(error)
            assert error.details["node"] == str(base + 3)
            assert outcome.applied


def test_the_memory_limit_holds_on_the_shortcut() -> None:
    session = EngineSession(limit_bytes=120)
    assert arrays(session.apply(step(0, [1, 2, 3, 4], seq=1)))
    outcome = session_pb2.Outcome()
    for turn in range(1, 9):  # nothing is released: at some turn it is too much
        outcome = session.apply(step(4 * turn, [1, 2, 3, 4], seq=turn + 1))
        if outcome.HasField("error"):
            break
    assert isinstance(from_status(outcome.error), OutOfMemoryError)
    assert session.held_bytes <= 120
    session.close()


def test_a_fetched_value_that_is_released_is_refused(session: EngineSession) -> None:
    session.apply(step(0, [1, 2, 3, 4], seq=1))
    for turn, gone in enumerate(((), (), (1,))):
        fragment = session_pb2.Fragment(seq=2 + turn, fetches=[1, 11 + turn], releases=gone)
        fragment.nodes.add(op="add", inputs=[1, 1], output=11 + turn)
        outcome = session.apply(compact(fragment, 10 + turn, (1,)))
        if gone:
            assert isinstance(from_status(outcome.error), StructureError)
        else:
            assert arrays(outcome)[1] == [2.0, 4.0, 6.0, 8.0]


def test_values_from_before_are_read_anew_each_time(session: EngineSession, follows: mock.Mock) -> None:
    for turn in range(3):
        session.apply(step(10 * turn, [turn, 1, 2, 3], seq=2 * turn + 1))
        use = session_pb2.Fragment(seq=2 * turn + 2, fetches=[10 * turn + 5, 10 * turn + 1])
        use.nodes.add(op="mul", inputs=[10 * turn + 1, 10 * turn + 4], output=10 * turn + 5)
        made = compact(use, 10 * turn + 4, (10 * turn + 1, 10 * turn + 4))
        assert arrays(session.apply(made)) == [[2.0 * turn * turn, 2.0, 8.0, 18.0], [turn, 1.0, 2.0, 3.0]]
    assert follows.call_count == 4


def test_one_value_in_two_places_is_another_structure(session: EngineSession, follows: mock.Mock) -> None:
    """The gradient of x * y by x is y; that of x * x is 2 x."""
    session.apply(step(0, [1, 2, 3, 4], seq=1))
    session.apply(step(4, [5, 6, 7, 8], seq=2))
    wanted = [[5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0]]
    base, plain = 0, session_pb2.Fragment()
    for turn in range(2):
        base = 10 + 5 * turn
        plain = session_pb2.Fragment(
            seq=3 + turn, fetches=[base + 3, base + 4], releases=[base + 1, base + 2]
        )
        plain.nodes.add(op="mul", inputs=[1, 5], output=base + 1, needs=[0, 1])
        plain.nodes.add(op="sum", inputs=[base + 1], attrs=ALL, output=base + 2, needs=[0])
        plain.backwards.add(
            after=2, roots=[base + 2], cotangents=[0], wrt=[1, 5], gradients=[base + 3, base + 4]
        )
        assert arrays(session.apply(compact(plain, base, (1, 5)))) == wanted
    twice = compact(plain, base, (1, 5))
    twice.seq, twice.base = 5, 30
    twice.outside[:] = [1, 1]
    assert isinstance(from_status(session.apply(twice).error), StructureError)
    again = session_pb2.Fragment.FromString(twice.SerializeToString())
    again.outside[:] = [1, 5]
    assert arrays(session.apply(again)) == wanted


def test_a_plain_fragment_does_the_same_as_its_form(session: EngineSession, follows: mock.Mock) -> None:
    for turn in range(4):
        fragment = step(4 * turn, [1, 2, 3, 4], seq=turn + 1)
        outcome = session.apply(expand(fragment) if turn % 2 else fragment)
        assert arrays(outcome) == [[30.0], [2.0, 4.0, 6.0, 8.0]]
    assert follows.call_count == 1
