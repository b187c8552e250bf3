"""Connections that are cut, silent, slow, or lose what they carry, before a gateway and behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import telegrad
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import SessionExpiredError, TelegradError
from tests.chaos.harness import at, connected, until
from tests.chaos.lines import Line
from tests.integration.servers import Server
from tests.integration.training import train

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


@contextmanager
def behind_a_line(*arguments: str) -> Iterator[tuple[Server, Line]]:
    """A standalone server, and the line that a client takes to it."""
    with Server("-v", *arguments) as server, Line(server.address) as line:
        yield server, line


def test_row_4_replies_that_are_lost(undisturbed: list[bytes]) -> None:
    with behind_a_line() as (_, line), connected(line.address) as session:

        def lose() -> None:
            line.drop_down = True
            telegrad.flush()
            (telegrad.ones(3) * 2).sum()
            telegrad.config.flush()
            assert line.dropped.wait(10)
            line.drop_down = False
            line.cut()

        assert train(telegrad, between=at({6: lose, 13: lose, 21: lose})) == undisturbed
        assert session.transport.traffic.replayed == 0, "answered from record"
        assert session.transport.traffic.reconnects >= 3


def test_row_5_requests_that_are_lost(undisturbed: list[bytes]) -> None:
    with behind_a_line() as (_, line), connected(line.address) as session:

        def lose() -> None:
            line.drop_up = True
            telegrad.flush()
            line.drop_up = False
            line.cut()

        assert train(telegrad, between=at(dict.fromkeys(range(3, 27, 4), lose))) == undisturbed
        assert session.transport.traffic.replayed == 0


def test_row_19_a_partition_that_heals(undisturbed: list[bytes]) -> None:
    with behind_a_line() as (_, line), connected(line.address) as session:

        def part() -> None:
            line.silent = True
            threading.Timer(4.0, setattr, [line, "silent", False]).start()
            telegrad.ones(2).sum().item()

        assert train(telegrad, between=at({10: part})) == undisturbed
        assert session.transport.traffic.replayed == 0


def test_row_20_a_partition_longer_than_the_lease() -> None:
    with behind_a_line("--lease-s", "0.5") as (server, line):
        transport = GrpcTransport(line.address, journal_bytes=0, reconnect_s=20)
        opened = transport.open()
        line.refuse = True
        line.cut()
        until(lambda: f"session {opened.session_id} freed" in server.said)
        line.refuse = False
        from telegrad_proto.v1 import session_pb2

        with pytest.raises((SessionExpiredError, TelegradError)) as raised:
            transport.send(session_pb2.Fragment(seq=1))
            transport.receive()
        assert isinstance(raised.value, TelegradError)
        transport.close()


def test_row_20_with_its_journal_the_client_begins_again(undisturbed: list[bytes]) -> None:
    with behind_a_line("--lease-s", "0.5") as (server, line), connected(line.address) as session:

        def part() -> None:
            name = session.transport._claim.session_id  # type: ignore[attr-defined]
            line.refuse = True
            line.cut()
            until(lambda: f"session {name} freed" in server.said)
            line.refuse = False

        assert train(telegrad, between=at({10: part})) == undisturbed
        assert session.transport.traffic.replayed > 0


def test_row_21_a_partition_between_gateway_and_worker(undisturbed: list[bytes]) -> None:
    with (
        Server("-v") as one,
        Server("-v") as two,
        Line(one.address) as first,
        Line(two.address) as second,
        Server("-v", "--relay-to", first.address, "--relay-to", second.address) as gateway,
        connected(gateway.address) as session,
    ):
        lines = {one.names[-1]: first, two.names[-1]: second}

        def holder() -> str:
            return str(session.transport._claim.session_id.partition(".")[0])  # type: ignore[attr-defined]

        cut_off: list[str] = []

        def part() -> None:
            cut_off.append(holder())
            lines[cut_off[0]].silent = True
            telegrad.ones(2).sum().item()
            assert holder() != cut_off[0], "another worker has taken it up"

        heal = at({10: part, 20: lambda: setattr(lines[cut_off[0]], "silent", False)})
        assert train(telegrad, between=heal) == undisturbed
        assert holder() != cut_off[0], "who was cut off has lost it"


def test_row_22_a_slow_line_fills_no_memory() -> None:
    data = np.random.default_rng(0).random(2_000_000)
    with behind_a_line() as (_, line), connected(line.address):
        line.bytes_per_s = 8_000_000
        assert telegrad.tensor(data).sum().item() == pytest.approx(data.sum())
        assert line.most_held <= 1 << 20, "what cannot be sent is not taken in"


def test_row_23_delays_and_resets(undisturbed: list[bytes]) -> None:
    with behind_a_line() as (_, line), connected(line.address) as session:
        line.delay_s = (0.0, 0.05)
        over = threading.Event()

        def reset() -> None:
            while not over.wait(0.7):
                line.cut()

        thread = threading.Thread(target=reset)
        thread.start()
        try:
            assert train(telegrad) == undisturbed
        finally:
            over.set()
            thread.join()
        assert session.transport.traffic.replayed == 0
