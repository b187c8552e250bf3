"""Values are let go when the last tensor is."""

from __future__ import annotations

import telegrad as tg
from telegrad.recording.session import Session
from telegrad.wire.values import Counter, Value
from telegrad_proto.spec import Spec


def test_a_value_that_the_server_never_saw_is_not_released(session: Session) -> None:
    value = Value(0, Spec((2,), tg.float32), None)
    del value
    x = tg.tensor([1.0])
    del x
    assert session.recorder.released == []


def test_a_value_of_the_graph_is_released_once(session: Session) -> None:
    x = tg.ones(2)
    number = x._value.id
    alias = x.detach()
    del x
    assert session.recorder.released == []
    del alias
    assert session.recorder.released == [number]


def test_a_counter_starts_at_nothing() -> None:
    counter = Counter()
    assert (counter.version, counter.writer) == (0, None)


def test_a_value_says_what_it_is() -> None:
    assert repr(Value(7, Spec((2, 3), tg.float32), None)) == "<Value 7 float32[2, 3]>"
