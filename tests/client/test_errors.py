"""Errors that only the server sees name the user's line."""

from __future__ import annotations

import pickle

import telegrad as tg
from telegrad import errors
from telegrad.errors import IndexRangeError, NotNumberError, at_line
from telegrad.recording.session import Session


def test_the_line_is_added_where_the_server_names_the_node(session: Session) -> None:
    y = tg.ones(2) + 1
    error = at_line(IndexRangeError("too far", node=y._value.id), session.recorder)
    assert "test_errors.py:" in str(error)
    assert "y = tg.ones(2) + 1" in str(error)
    assert error.details["line"].startswith(__file__)
    assert pickle.loads(pickle.dumps(error)).message == error.message


def test_without_a_node_the_error_stays_as_it_is(session: Session) -> None:
    for details in ({}, {"node": 0}, {"node": "x"}, {"node": 10**9}):
        error = IndexRangeError("too far", **details)
        assert str(at_line(error, session.recorder)) == "too far"


def test_the_tree_is_reachable_from_here() -> None:
    for name in errors.__all__:
        assert getattr(errors, name) is not None
    assert issubclass(errors.ShapeError, RuntimeError)
    assert issubclass(errors.AxisError, IndexError)


def test_what_is_no_number_is_kept() -> None:
    error = NotNumberError("a")
    assert error.value == "a"
    assert str(error) == "requires a Tensor or a number, got str"
