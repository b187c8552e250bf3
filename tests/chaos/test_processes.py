"""Gateways and workers that are killed, frozen, starved, or told to end, while a client trains."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import telegrad
from tests.chaos.harness import at, connected, fleet, until
from tests.integration.servers import Server
from tests.integration.training import train

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


def test_row_1_a_worker_killed_while_idle(undisturbed: list[bytes]) -> None:
    with fleet() as servers, connected(servers.address) as session:

        def kill() -> None:
            telegrad.synchronize()  # nothing is under way
            servers.holder(session).kill()
            started = time.monotonic()
            telegrad.ones(2).sum().item()
            print(f"from the kill to the next answer: {time.monotonic() - started:.2f} s")
            assert time.monotonic() - started < 5

        assert train(telegrad, between=at({10: kill})) == undisturbed
        assert session.transport.traffic.replayed > 0


def test_row_9_and_10_a_frozen_worker_is_replaced_and_fenced(undisturbed: list[bytes]) -> None:
    with fleet() as servers, connected(servers.address) as session:
        frozen: list[Server] = []

        def freeze() -> None:
            frozen.append(servers.holder(session))
            frozen[0].signal(signal.SIGSTOP)
            started = time.monotonic()
            telegrad.ones(2).sum().item()
            print(f"from the freeze to the next answer: {time.monotonic() - started:.2f} s")
            assert servers.holder(session) is not frozen[0]

        try:
            thaw = at({10: freeze, 15: lambda: frozen[0].signal(signal.SIGCONT)})
            assert train(telegrad, between=thaw) == undisturbed
        finally:
            for server in frozen:
                server.signal(signal.SIGCONT)


def test_row_12_a_gateway_that_stops_for_a_while_loses_nothing(undisturbed: list[bytes]) -> None:
    with fleet() as servers, connected(servers.address) as session:

        def pause() -> None:
            servers.gateway.signal(signal.SIGSTOP)
            threading.Timer(3.0, servers.gateway.signal, [signal.SIGCONT]).start()
            telegrad.ones(2).sum().item()

        assert train(telegrad, between=at({10: pause})) == undisturbed
        assert session.transport.traffic.replayed == 0, "the session never left its worker"


@contextmanager
def two_gateways() -> Iterator[tuple[Server, Server]]:
    with fleet() as servers:
        names = [part for worker in servers.workers for part in ("--relay-to", worker.address)]
        with Server(*names) as second:
            yield servers.gateway, second


def test_row_17_one_of_two_gateways_is_killed(undisturbed: list[bytes]) -> None:
    with two_gateways() as (first, second), connected(f"{first.address},{second.address}") as session:
        assert train(telegrad, between=at({10: first.kill})) == undisturbed
        assert session.transport.traffic.replayed == 0, "the values stayed where they were"
        assert session.transport.traffic.reconnects > 0


def test_row_18_a_gateway_told_to_end_lets_go_in_order(undisturbed: list[bytes]) -> None:
    with two_gateways() as (first, second), connected(f"{first.address},{second.address}"):

        def end() -> None:
            first.signal(signal.SIGTERM)
            assert first.wait() == 0

        assert train(telegrad, between=at({10: end})) == undisturbed


def test_row_18_a_worker_told_to_end_hands_its_sessions_over(
    undisturbed: list[bytes], tmp_path: Path
) -> None:
    with fleet("--snapshots", str(tmp_path)) as servers, connected(servers.address) as session:

        def end() -> None:
            server = servers.holder(session)
            server.signal(signal.SIGTERM)
            assert server.wait() == 0

        assert train(telegrad, between=at({20: end})) == undisturbed
        assert session.transport.traffic.replayed < 20, "it was stored, and made again from that"


def test_row_38_a_starved_worker_is_not_taken_for_dead(undisturbed: list[bytes]) -> None:
    with fleet() as servers, connected(servers.address) as session:
        over = threading.Event()

        def starve(server: Server) -> None:
            while not over.is_set():
                server.signal(signal.SIGSTOP)
                over.wait(0.09)
                server.signal(signal.SIGCONT)
                over.wait(0.01)

        thread = threading.Thread(target=starve, args=(servers.holder(session),))
        thread.start()
        try:
            assert train(telegrad) == undisturbed
        finally:
            over.set()
            thread.join()
        assert session.transport.traffic.replayed == 0


def test_everybody_is_killed_in_turn(undisturbed: list[bytes]) -> None:
    with fleet() as servers, connected(servers.address) as session:

        def again(server: Server) -> Callable[[], None]:
            def kill() -> None:
                server.kill()
                server.start()
                until(lambda: telegrad.ones(1).sum().item() == 1.0)

            return kill

        moments = {5: servers.workers[0], 12: servers.gateway, 20: servers.workers[1]}
        assert train(telegrad, between=at({s: again(server) for s, server in moments.items()})) == undisturbed
        assert session.transport.traffic.reconnects > 0
