"""Errors on the wire."""

from __future__ import annotations

import pytest
from google.rpc import error_details_pb2, status_pb2

from telegrad_proto import errors
from telegrad_proto.errors import TABLE, TelegradError
from telegrad_proto.status import DOMAIN, from_status, to_status


@pytest.mark.parametrize("kind", TABLE, ids=lambda k: k.__name__)
def test_round_trip(kind: type[TelegradError]) -> None:
    error = kind("mul: shapes [2] and [3]", node=7, shape=(2, 3))
    status = status_pb2.Status.FromString(to_status(error).SerializeToString())
    assert status.code == TABLE[kind].code
    back = from_status(status)
    assert type(back) is kind
    assert back.message == error.message
    assert back.details == {"node": "7", "shape": "(2, 3)"}


def test_long_texts_are_cut() -> None:
    status = to_status(errors.ShapeError("x" * 100_000, **{f"d{i}": "y" * 10_000 for i in range(100)}))
    assert status.ByteSize() * 4 / 3 < 8 * 1024  # as base64 in trailing metadata
    assert type(from_status(status)) is errors.ShapeError
    wide = from_status(to_status(errors.ShapeError("∂" * 100_000)))
    assert set(wide.message) == {"∂"}


def test_texts_beyond_ascii_and_beyond_unicode() -> None:
    back = from_status(to_status(errors.ShapeError("größe ∂ \ud800", name="\udcff∇")))
    assert back.message.startswith("größe ∂")
    assert "∇" in back.details["name"]


def test_details_named_as_the_constructors_own_arguments() -> None:
    back = from_status(to_status(errors.ShapeError("text", message="m", self="s")))
    assert back.message == "text"
    assert back.details == {"message": "m", "self": "s"}


def test_a_status_of_somebody_else_is_an_internal_error() -> None:
    info = error_details_pb2.ErrorInfo(reason="SHAPE", domain="example.com")
    status = status_pb2.Status(code=3, message="no")
    status.details.add().Pack(info)
    assert type(from_status(status)) is errors.InternalError
    assert type(from_status(status_pb2.Status(code=14, message="down"))) is errors.InternalError
    info = error_details_pb2.ErrorInfo(reason="OF_A_NEWER_SERVER", domain=DOMAIN)
    status = status_pb2.Status(code=3, message="no")
    status.details.add().Pack(info)
    back = from_status(status)
    assert type(back) is errors.InternalError
    assert "no" in back.message
