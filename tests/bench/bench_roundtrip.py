"""The smallest gradient through a server, beside a bare gRPC stream that echoes the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import grpc
import pytest

import telegrad as tg
from telegrad import current_session
from tests.bench.bare import ECHO, bare_channel
from tests.bench.measuring import heading, report, seconds, side_by_side
from tests.places import serving


class Echo:
    """An open stream to a server that sends back what it gets; it waits for each message."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        stream: Any = channel.stream_stream(ECHO)
        self._call: Any = stream(iter(self._queue.get, None))

    def __call__(self, message: bytes) -> bytes:
        self._queue.put(message)
        reply: bytes = next(self._call)
        return reply

    def end(self) -> None:
        self._queue.put(None)
        self._call.cancel()


@contextmanager
def echoing() -> Iterator[Echo]:
    """An echo from a process of its own."""
    with bare_channel() as channel:
        echo = Echo(channel)
        try:
            yield echo
        finally:
            echo.end()


@pytest.mark.timeout(300)
def bench_the_gradient_of_four_floats() -> None:
    with serving() as (address, _pid), echoing() as echo:
        tg.connect(address)
        x = tg.arange(4.0, requires_grad=True)

        def step() -> None:
            x.grad = None
            y = 2 * tg.dot(x, x)
            y.backward()
            x.grad.numpy()

        for _ in range(3):
            step()
        traffic = current_session().transport.traffic
        sent, received, messages = traffic.sent_bytes, traffic.received_bytes, traffic.fragments
        step()
        assert traffic.fragments == messages + 1, "one message a gradient"
        up = bytes(traffic.sent_bytes - sent)
        down = traffic.received_bytes - received
        heading(f"2 x.x and its gradient, 4 floats, loopback: {len(up)} bytes up, {down} down")
        contenders = {"telegrad": step, "echo": lambda: echo(up)}
        times = side_by_side(contenders, repetitions=15, warm_up=2, turn=200)
        median = (("telegrad", times["telegrad"].median_s), ("bare echo", times["echo"].median_s))
        ratio = report("median", *median, seconds)
        report("best", ("telegrad", times["telegrad"].best_s), ("bare echo", times["echo"].best_s), seconds)
        print(f"{'bound':32} at most 2.0 times the echo: {'kept' if ratio <= 2 else 'MISSED'}")
        tg.disconnect()
