"""Errors of a method become statuses: ours with details, a worker's as they came, defects as incidents."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from telegrad_proto.errors import CapacityError, ServerUnavailableError, TelegradError
from telegrad_proto.status import STATUS_DETAILS_KEY, from_status
from telegrad_server.gateway.guard import guarded


class _Aborted(Exception):
    pass


class _Context:
    """Notes what a call is ended with."""

    def __init__(self) -> None:
        self.trailing: tuple[tuple[str, Any], ...] = ()
        self.code: grpc.StatusCode | None = None
        self.text = ""

    def set_trailing_metadata(self, trailing: tuple[tuple[str, Any], ...]) -> None:
        self.trailing = trailing

    async def abort(self, code: grpc.StatusCode, text: str) -> None:
        self.code, self.text = code, text
        raise _Aborted


def _end_of(error: Exception) -> _Context:
    async def behavior(_request: object, _context: object) -> None:
        raise error

    context = _Context()
    with pytest.raises(_Aborted):
        asyncio.run(guarded(behavior)(b"", context))  # type: ignore[arg-type]
    return context


def _told(context: _Context) -> TelegradError:
    return from_status(status_pb2.Status.FromString(dict(context.trailing)[STATUS_DETAILS_KEY]))


def test_an_answer_passes() -> None:
    async def behavior(request: bytes, _context: object) -> bytes:
        return request + b"!"

    assert asyncio.run(guarded(behavior)(b"yes", _Context())) == b"yes!"  # type: ignore[arg-type]


def test_our_errors_keep_class_and_details() -> None:
    context = _end_of(CapacityError("no room", sessions=3))
    error = _told(context)
    assert (context.code, type(error), error.details["sessions"]) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        CapacityError,
        "3",
    )


def test_a_workers_error_is_passed_on() -> None:
    trailing = grpc.aio.Metadata((STATUS_DETAILS_KEY, b"details"), ("other", "dropped"))
    error = grpc.aio.AioRpcError(grpc.StatusCode.ABORTED, grpc.aio.Metadata(), trailing, details="its words")
    context = _end_of(error)
    assert (context.code, context.text) == (grpc.StatusCode.ABORTED, "its words")
    assert context.trailing == ((STATUS_DETAILS_KEY, b"details"),)


def test_an_internal_error_of_grpcs_own_is_a_lost_worker() -> None:
    nothing = grpc.aio.Metadata()
    error = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, nothing, nothing, details="from Core")
    context = _end_of(error)
    assert (context.code, type(_told(context))) == (grpc.StatusCode.UNAVAILABLE, ServerUnavailableError)


def test_a_defect_is_an_incident(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        context = _end_of(ZeroDivisionError("secret"))
    assert context.code == grpc.StatusCode.INTERNAL
    assert "secret" not in context.text
    assert "secret" in caplog.text
