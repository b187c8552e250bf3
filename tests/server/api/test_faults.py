"""Errors on their way out."""

from __future__ import annotations

import logging

import grpc
import pytest
from google.rpc import status_pb2

from telegrad_proto.errors import InternalError, ShapeError
from telegrad_proto.status import STATUS_DETAILS_KEY, from_status
from telegrad_server.api.faults import incident, wire_form


def test_a_known_error_keeps_its_class_text_and_details() -> None:
    code, text, ((key, value),) = wire_form(ShapeError("add: requires 3, got 4", left="(3,)", right="(4,)"))
    assert (code, text, key) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "add: requires 3, got 4",
        STATUS_DETAILS_KEY,
    )
    assert isinstance(value, bytes)
    error = from_status(status_pb2.Status.FromString(value))
    assert (type(error), str(error), error.details) == (
        ShapeError,
        "add: requires 3, got 4",
        {"left": "(3,)", "right": "(4,)"},
    )


def test_a_long_error_fits_the_metadata() -> None:
    error = ShapeError("🎓" * 10_000, **{f"detail{i}": "ü" * 10_000 for i in range(50)})
    _, text, ((_, value),) = wire_form(error)
    # Percent-encoding makes twelve characters of each of these, base64 four of three bytes.
    assert 4 / 3 * len(value) + 12 * len(text) < 8 * 1024


def test_an_incident_tells_the_caller_a_number_and_the_log_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="telegrad.server"):
        try:
            raise ZeroDivisionError("secret detail")
        except ZeroDivisionError as error:
            told = incident(error, "Attach", "request-7")
    assert isinstance(told, InternalError)
    assert "secret" not in str(told) + str(told.details)
    number = told.details["incident"]
    assert number in str(told)
    assert number in caplog.text
    assert "request-7" in caplog.text
    assert "secret detail" in caplog.text
