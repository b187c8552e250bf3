"""Clients that break the rules, fall silent, come in crowds, or die: nobody else notices."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import telegrad
from telegrad.transport.cluster import ClusterChannel
from telegrad.transport.connection import Connection, Stream
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto import PROTOCOL, __version__
from telegrad_proto.errors import (
    CancelledError,
    CapacityError,
    FragmentChangedError,
    FragmentGapError,
    TelegradError,
)
from telegrad_proto.opset import OPSET
from telegrad_proto.status import from_status
from telegrad_proto.v1 import cluster_pb2, session_pb2
from tests.chaos.harness import connected, fleet, until
from tests.engine.drafts import Draft
from tests.integration.servers import Server
from tests.integration.training import train

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


class Client:
    """One that sends what it likes.

    Attributes:
        opened: what the server answered first.
    """

    def __init__(self, address: str, session_id: str = "", epoch: int = 0) -> None:
        self.connection = Connection(address, token=None, progress=None)
        self.connection.session_id = session_id
        self.stream: Stream = self.connection.stream()
        opening = session_pb2.Open(
            protocol=PROTOCOL,
            opset_digest=OPSET.digest,
            client_version=__version__,
            session_id=session_id,
            epoch=epoch,
        )
        self.stream.send(session_pb2.Request(open=opening).SerializeToString())
        self.opened = session_pb2.Reply.FromString(self.stream.read()).opened
        self.connection.session_id = self.opened.session_id

    def send(self, fragment: session_pb2.Fragment) -> None:
        self.stream.send(session_pb2.Request(fragment=fragment).SerializeToString())

    def outcome(self) -> session_pb2.Outcome:
        return session_pb2.Reply.FromString(self.stream.read()).outcome

    def close(self) -> None:
        self.stream.end()
        self.connection.close()


def counted(seq: int) -> session_pb2.Fragment:
    """A fragment that adds one leaf, and asks for twice its value."""
    draft = Draft(first_id=10_000 * seq)
    x = draft.leaf(np.array([float(seq)]))
    draft.fragment.fetches.append(draft.node("add", x, x))
    draft.fragment.seq = seq
    return draft.fragment


def value(outcome: session_pb2.Outcome) -> float:
    assert not outcome.error.code, from_status(outcome.error)
    return float(np.frombuffer(outcome.values[0].data)[0])


def test_rows_6_to_8_repeated_changed_and_skipped() -> None:
    with Server() as server:
        client = Client(server.address)
        for seq in (1, 2):
            client.send(counted(seq))
            assert value(client.outcome()) == 2.0 * seq
        client.send(counted(2))
        assert value(client.outcome()) == 4.0, "row 6: answered again"
        other = counted(2)
        other.fetches.append(other.fetches[0])
        client.send(other)
        assert isinstance(from_status(client.outcome().error), FragmentChangedError), "row 7"
        client.send(counted(4))
        assert isinstance(from_status(client.outcome().error), FragmentGapError), "row 8"
        client.send(counted(3))
        assert value(client.outcome()) == 6.0, "the session is as it was"
        client.close()


def slow(seq: int) -> session_pb2.Fragment:
    """A fragment that takes a second or more."""
    draft = Draft(first_id=1000 * seq)
    x = draft.node("broadcast_to", draft.leaf(np.ones((1, 1))), attrs=((600, 600),))
    for _ in range(60):
        x = draft.node("matmul", x, x)
    draft.fragment.fetches.append(draft.node("sum", x, attrs=((0, 1), False)))
    draft.fragment.seq = seq
    return draft.fragment


def test_row_6_a_duplicate_while_the_first_still_runs() -> None:
    with Server() as server:
        first = Client(server.address)
        first.send(slow(1))
        second = Client(server.address, first.opened.session_id, first.opened.epoch)
        second.send(slow(1))
        outcome = second.outcome()
        assert outcome.seq == 1
        assert outcome.timings.steps > 0
        second.send(counted(2))
        assert value(second.outcome()) == 4.0
        first.close()
        second.close()


def test_row_24_clients_that_die_leave_nothing() -> None:
    program = (
        "import sys, os, signal, telegrad as tg; tg.connect(sys.argv[1]); x = tg.ones(1000, 100); "
        "x.sum().item(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    with fleet("--lease-s", "1") as servers:
        for _ in range(5):
            processes = [subprocess.Popen([sys.executable, "-c", program, servers.address]) for _ in range(4)]
            for process in processes:
                process.wait(120)
        gateway = ClusterChannel(servers.address, None)
        until(lambda: not gateway.sessions().sessions, 30)
        assert all(worker.held_bytes == 0 for worker in _pulses(gateway))


def _pulses(gateway: ClusterChannel) -> list[cluster_pb2.Pulse]:
    return [worker.pulse for worker in gateway.status().workers]


def test_row_25_cancelled_anywhere_the_next_works(undisturbed: list[bytes]) -> None:
    rng = np.random.default_rng(5)
    print("seed", 5)
    with Server() as server, connected(server.address) as session:

        def cancel(step: int) -> None:
            x = telegrad.ones(400, 400)
            for _ in range(30):
                x = x @ x / 400
            total = x.sum()
            unanswered = session.transport._unanswered  # type: ignore[attr-defined]

            def now() -> None:
                for seq, _ in list(unanswered)[-1:]:
                    session.transport.cancel(seq)

            timer = threading.Timer(float(rng.uniform(0, 0.1)), now)
            timer.start()
            try:
                total.item()
            except CancelledError:
                assert total.item() == pytest.approx(400 * 400)
            timer.join()

        assert train(telegrad, between=cancel) == undisturbed


def test_row_26_silent_clients_slow_nobody() -> None:
    with Server("--max-sessions", "300") as server, connected(server.address):

        def median_s() -> float:
            times = []
            for _ in range(100):
                started = time.perf_counter()
                telegrad.ones(4).sum().item()
                times.append(time.perf_counter() - started)
            return statistics.median(times)

        alone = median_s()
        crowd = [GrpcTransport(server.address) for _ in range(200)]
        for client in crowd:
            client.open()
        among = median_s()
        print(f"alone {1e3 * alone:.2f} ms, among 200 silent clients {1e3 * among:.2f} ms")
        assert among < 10 * alone
        refused = 0
        for client in (GrpcTransport(server.address) for _ in range(150)):
            try:
                client.open()
            except TelegradError:
                refused += 1
            client.close()
        assert refused == 0, "each left before the next came"
        # With the crowd, and this test's own session, as many as there may be.
        more = [GrpcTransport(server.address) for _ in range(99)]
        for client in more:
            client.open()
        one_too_many = GrpcTransport(server.address)
        with pytest.raises(CapacityError, match="room for 300 sessions"):
            one_too_many.open()
        assert telegrad.ones(4).sum().item() == 4.0
        for client in (one_too_many, *more, *crowd):
            client.close()
