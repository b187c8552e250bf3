"""A session over gRPC: fragments, payloads, interrupted waits, errors, direct ways."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import pytest

from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import (
    AccessError,
    ArgumentError,
    CancelledError,
    CapacityError,
    DeadlineError,
    LimitError,
    PayloadError,
    ProtocolError,
    ServerUnavailableError,
    StructureError,
    VersionError,
)
from telegrad_proto.limits import MAX_MESSAGE_BYTES
from telegrad_proto.opset import OPSET
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from tests.client.transport.fragments import DATA, applied, fragment
from tests.client.transport.proxy import Proxy
from tests.server.fakes import BLOCK, FakeWorker, fake_worker


def test_fragments_and_outcomes(transport: GrpcTransport, worker: FakeWorker) -> None:
    for seq in range(1, 11):
        assert transport.send(fragment(seq)) > 0
    assert [transport.receive().seq for _ in range(10)] == list(range(1, 11))
    assert (transport.traffic.fragments, transport.traffic.outcomes, transport.traffic.reconnects) == (
        10,
        10,
        0,
    )


def test_closing_frees_the_session_at_once(worker: FakeWorker) -> None:
    transport = GrpcTransport(worker.address)
    transport.open()
    transport.send(fragment(1))
    transport.close()
    assert worker.engines[0].closed
    transport.close()


def test_payloads_and_values(transport: GrpcTransport, worker: FakeWorker) -> None:
    digest = digest_of(DATA)
    assert transport.missing([digest]) == [digest]
    transport.put(digest, memoryview(DATA))
    assert transport.missing([digest]) == []
    transport.put(digest_of(b""), memoryview(b""))
    spec, data = transport.get(3_000_000)
    assert spec.shape == (3_000_000,)
    assert bytes(data[:4]) == b"\0\1\2\3"
    with pytest.raises(StructureError):
        transport.get(2**40)
    with pytest.raises(PayloadError):
        transport.put(b"short", memoryview(DATA))
    assert transport.residuals().held_bytes == 0
    assert transport.traffic.sent_bytes == len(DATA)


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    transport = GrpcTransport(address, connect_s=600)
    began = time.monotonic()
    with pytest.raises(ServerUnavailableError, match=f"no telegrad server answers at {address}"):
        transport.open()
    assert time.monotonic() - began < 60, "nobody to wait for"
    transport.close()


def test_a_port_where_nobody_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        transport = GrpcTransport(f"127.0.0.1:{mute.getsockname()[1]}", connect_s=0.2)
        with pytest.raises(ServerUnavailableError):
            transport.open()
        transport.close()


@pytest.mark.parametrize("address", ["", "localhost", ":7431", "host:", "host:port", "http://host"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ArgumentError, match="host:port"):
        GrpcTransport(address)


@pytest.mark.parametrize("token", [None, "another token entirely"])
def test_no_token_or_a_wrong_one(token: str | None) -> None:
    with fake_worker(token="the right token of this server") as worker:
        transport = GrpcTransport(worker.address, token=token)
        with pytest.raises(AccessError):
            transport.open()
        transport.close()


def test_other_operators(worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = GrpcTransport(worker.address)
    with monkeypatch.context() as patch, pytest.raises(VersionError, match="different operators"):
        # The server looked at its own before it listened.
        patch.setattr(OPSET, "digest", b"\0" * 32)
        transport.open()
    transport.close()


def test_a_full_server() -> None:
    with fake_worker(max_sessions=1) as worker:
        one, two = GrpcTransport(worker.address), GrpcTransport(worker.address)
        one.open()
        with pytest.raises(CapacityError, match="room for 1"):
            two.open()
        one.close()
        two.open()
        two.close()


def test_a_wait_that_is_too_long_can_be_taken_up_again(transport: GrpcTransport, worker: FakeWorker) -> None:
    transport.send(fragment(1, BLOCK))
    with pytest.raises(DeadlineError, match=r"within 0.1 s"):
        transport.receive(0.1)
    with pytest.raises(DeadlineError):
        transport.receive(0.1)
    assert transport.cancel(1)
    assert isinstance(from_status(transport.receive(60).error), CancelledError)
    assert applied(worker) == [1]


class Impatient:
    """Somebody who presses Ctrl-C as soon as a wait is shown."""

    def __init__(self) -> None:
        self.pressed = False

    def waiting(self, elapsed_s: float) -> None:
        if not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)

    def bulk(self, verb: str, done_bytes: int, total_bytes: int) -> None: ...

    def finished(self) -> None: ...


def test_ctrl_c_cancels_and_the_session_goes_on(worker: FakeWorker) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    transport = GrpcTransport(worker.address, progress=Impatient())
    transport.open()
    transport.send(fragment(1, BLOCK))
    transport.send(fragment(2))
    with pytest.raises(KeyboardInterrupt):
        transport.receive()
    for _ in range(2):  # what came after it is stopped too
        assert isinstance(from_status(transport.receive().error), CancelledError)
    transport.send(fragment(3))
    assert not transport.receive().HasField("error")
    assert applied(worker) == [1, 2, 3]
    transport.close()


def test_receiving_more_than_was_sent(transport: GrpcTransport) -> None:
    with pytest.raises(ProtocolError):
        transport.receive()


def test_a_fragment_past_the_limit_is_not_sent(transport: GrpcTransport, worker: FakeWorker) -> None:
    large = fragment(1)
    large.leaves.add(id=1, data=bytes(MAX_MESSAGE_BYTES))
    with pytest.raises(LimitError, match="bytes"):
        transport.send(large)
    transport.send(fragment(1))
    assert transport.receive().seq == 1


def test_the_direct_way_is_taken_where_it_is_wanted() -> None:
    with fake_worker(direct_address=":") as worker, Proxy(worker.address) as gateway:
        transport = GrpcTransport(gateway.address, direct=True)
        transport.open()
        assert transport.address == worker.address
        transport.send(fragment(1))
        transport.receive()
        transport.close()
        assert worker.engines[0].closed
        plain = GrpcTransport(gateway.address)
        plain.open()
        assert plain.address == gateway.address
        plain.close()


def test_a_direct_way_that_leads_nowhere_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"127.0.0.1:{closed.getsockname()[1]}"
    with fake_worker(direct_address=nowhere) as worker:
        transport = GrpcTransport(worker.address, direct=True)
        transport.open()
        assert transport.address == worker.address
        transport.send(fragment(1))
        assert transport.receive().seq == 1
        transport.close()


def test_a_direct_way_that_breaks_later_is_left() -> None:
    with Proxy() as direct, fake_worker(direct_address=direct.address) as worker:
        direct.target = worker.address
        transport = GrpcTransport(worker.address, direct=True)
        transport.open()
        assert transport.address == direct.address
        direct.refusing = True
        direct.cut()
        transport.send(fragment(1))
        assert transport.receive().seq == 1
        assert transport.address == worker.address
        assert applied(worker) == [1]
        transport.close()


def test_no_thread_outlives_a_transport(worker: FakeWorker) -> None:
    before = {thread for thread in threading.enumerate() if "telegrad-call" not in thread.name}
    for _ in range(5):
        transport = GrpcTransport(worker.address)
        transport.open()
        transport.send(fragment(1))
        transport.receive()
        transport.close()
    for thread in threading.enumerate():
        if thread not in before and "telegrad-call" not in thread.name:
            thread.join(60)
            assert not thread.is_alive(), thread
