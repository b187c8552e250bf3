"""Calls over real gRPC, on a servicer over the real engine; what fails in between is planted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
import pytest

from telegrad.errors import (
    AccessError,
    CapacityError,
    DigestError,
    LimitError,
    ServerUnavailableError,
    ShapeError,
    TelegradError,
)
from telegrad.transport.remote import RemoteCalls
from telegrad_engine.programs import ProgramStore
from telegrad_proto.channel import PROGRAMS_SERVICE, SERVER_OPTIONS
from telegrad_proto.program import Blueprint
from telegrad_proto.v1 import program_pb2
from telegrad_server.api.access import Gate
from telegrad_server.api.interceptors import ErrorInterceptor, GateInterceptor
from telegrad_server.api.programs import ProgramServicer, program_handlers
from telegrad_server.worker.programs import WorkerPrograms
from tests.program_drafts import mean_of_sines

RAW = mean_of_sines().raw()
BLUEPRINT = Blueprint.from_bytes(RAW)
W, X = np.arange(4.0), np.ones((5, 4))


@contextmanager
def served(*handlers: grpc.GenericRpcHandler, token: str | None = None) -> Iterator[str]:
    with ThreadPoolExecutor(4) as pool:
        interceptors = [ErrorInterceptor(), GateInterceptor(Gate(token))]
        server = grpc.server(pool, interceptors=interceptors, options=SERVER_OPTIONS)
        server.add_generic_rpc_handlers(handlers)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def programs() -> grpc.GenericRpcHandler:
    return program_handlers(ProgramServicer(WorkerPrograms(ProgramStore()), "w1"))


@contextmanager
def calls_to(address: str, **options: Any) -> Iterator[RemoteCalls]:
    calls = RemoteCalls(address, **options)
    try:
        yield calls
    finally:
        calls.close()


def failing(times: int, error: type[TelegradError], *, begun: bool = False) -> Any:
    """A service that fails so often, where `begun` with half an answer given, then serves."""
    left = iter(range(times))
    servicer = ProgramServicer(WorkerPrograms(ProgramStore()), "w1")

    def call(parts: Any, context: grpc.ServicerContext) -> Any:
        if next(left, None) is not None:
            if begun:
                yield next(servicer.call(parts, context))
            raise error("planted")
        yield from servicer.call(parts, context)

    handler = grpc.stream_stream_rpc_method_handler(
        call, program_pb2.CallPart.FromString, program_pb2.ResultPart.SerializeToString
    )
    return grpc.method_handlers_generic_handler(PROGRAMS_SERVICE, {"Call": handler})


def test_a_program_travels_once_and_its_inputs_each_time() -> None:
    with served(programs()) as address, calls_to(address) as calls:
        for n in (1, 5, 40_000):  # 1.2 MB: more than one message
            x = np.linspace(0, 1, 4 * n).reshape(n, 4)
            (value, rows), (gradient,) = calls.call(BLUEPRINT, RAW, "value_and_grad", [0], [W, x])
            np.testing.assert_allclose(value, np.sin(W * x).sum() / n)
            np.testing.assert_allclose(gradient, (np.cos(W * x) * x).sum(0) / n)
            assert rows.shape == (n, 1)
        # Now it is known: bytes that are none do no harm.
        calls.call(BLUEPRINT, b"", "value", [], [W, X])


def test_errors_keep_their_class_and_are_not_tried_again() -> None:
    with (
        served(programs()) as address,
        calls_to(address) as calls,
        pytest.raises(ShapeError, match="input w"),
    ):
        calls.call(BLUEPRINT, RAW, "value", [], [W[:2], X])
    with served(programs()) as address, calls_to(address) as calls, pytest.raises(DigestError):
        calls.call(Blueprint.from_bytes(mean_of_sines().raw()), b"none", "value", [], [W, X])


@pytest.mark.parametrize("error", [ServerUnavailableError, CapacityError])
def test_what_may_pass_is_tried_again(error: type[TelegradError]) -> None:
    with served(failing(3, error)) as address, calls_to(address) as calls:
        (value, _), _ = calls.call(BLUEPRINT, RAW, "value", [], [W, X])
        np.testing.assert_allclose(value, np.sin(W).sum())


def test_half_an_answer_is_none() -> None:
    x = np.random.default_rng(5).normal(size=(50_000, 4))  # its gradient takes two messages
    with served(failing(2, ServerUnavailableError, begun=True)) as address, calls_to(address) as calls:
        _, (gradient,) = calls.call(BLUEPRINT, RAW, "value_and_grad", [1], [W, x])
        np.testing.assert_allclose(gradient, np.cos(W * x) * W / len(x))


def test_patience_ends() -> None:
    with calls_to("127.0.0.1:1", patience_s=0.2) as calls, pytest.raises(ServerUnavailableError):
        calls.call(BLUEPRINT, RAW, "value", [], [W, X])
    with (
        served(failing(10**6, CapacityError)) as address,
        calls_to(address, patience_s=0.2) as calls,
        pytest.raises(CapacityError),
    ):
        calls.call(BLUEPRINT, RAW, "value", [], [W, X])


def test_the_next_address_is_tried_where_one_is_dead() -> None:
    with served(programs()) as address, calls_to(f"127.0.0.1:1, {address}") as calls:
        for _ in range(2):
            (value, _), _ = calls.call(BLUEPRINT, RAW, "value", [], [W, X])
            np.testing.assert_allclose(value, np.sin(W).sum())
        assert calls._turn == 1, "who is dead is not asked each time"


def test_tokens_are_presented() -> None:
    with served(programs(), token="secret") as address:
        with calls_to(address) as calls, pytest.raises(AccessError):
            calls.call(BLUEPRINT, RAW, "value", [], [W, X])
        with calls_to(address, token="secret") as calls:
            calls.call(BLUEPRINT, RAW, "value", [], [W, X])


def test_threads_share_the_connection() -> None:
    started = threading.Barrier(4)

    def one(k: int) -> float:
        started.wait(30)
        (value, _), _ = calls.call(BLUEPRINT, RAW, "value", [], [W * k, X])
        return float(value)

    with served(programs()) as address, calls_to(address) as calls, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(4)))
    np.testing.assert_allclose(found, [np.sin(W * k).sum() for k in range(4)])


def test_too_large_a_call_is_refused_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telegrad.transport.remote.MAX_CALL_BYTES", 100)
    with calls_to("127.0.0.1:1") as calls, pytest.raises(LimitError, match="cut the batch"):
        calls.call(BLUEPRINT, RAW, "value", [], [W, X])
