"""A gateway in a process of its own, in front of workers here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from telegrad.transport.cluster import ClusterChannel
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import (
    AccessError,
    CancelledError,
    CapacityError,
    DigestError,
    FragmentGapError,
    ServerUnavailableError,
    SessionNotFoundError,
    StructureError,
    VersionError,
)
from telegrad_proto.opset import OPSET
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2, session_pb2_grpc, tensor_pb2
from tests.places import free_port, serving
from tests.server.fakes import BLOCK, FakeWorker, fake_worker, opening, raw_channel

DATA = bytes(range(256)) * 10_000
TOKEN = "a token for gateway and workers"


def fragment(seq: int, *fetches: int) -> session_pb2.Fragment:
    return session_pb2.Fragment(seq=seq, fetches=fetches)


class Fleet:
    """Two workers and a gateway."""

    def __init__(self, one: FakeWorker, two: FakeWorker, address: str) -> None:
        self.workers = (one, two)
        self.address = address

    @property
    def engines(self) -> int:
        return sum(len(worker.engines) for worker in self.workers)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    path = tmp_path_factory.mktemp("gateway") / "token"
    path.write_text(TOKEN)
    with fake_worker(token=TOKEN, direct_address=":") as one, fake_worker(token=TOKEN) as two:
        ways = ["--relay-to", one.address, "--relay-to", two.address]
        with serving(*ways, "--token-file", str(path)) as (address, _):
            yield Fleet(one, two, address)


@pytest.fixture
def transport(fleet: Fleet) -> Iterator[GrpcTransport]:
    transport = GrpcTransport(fleet.address, token=TOKEN)
    transport.open()
    yield transport
    transport.close()


def test_a_session_through_the_gateway(transport: GrpcTransport) -> None:
    for seq in range(1, 21):
        transport.send(fragment(seq))
    assert [transport.receive().seq for _ in range(20)] == list(range(1, 21))


def test_bulk_data_through_the_gateway(transport: GrpcTransport) -> None:
    digest = digest_of(DATA)
    assert transport.missing([digest]) == [digest]
    transport.put(digest, memoryview(DATA))
    assert transport.missing([digest]) == []
    spec, data = transport.get(3_000_001)
    assert (spec.shape, len(data)) == ((3_000_001,), 3_000_001)
    assert transport.residuals().held_bytes == 0


def test_errors_come_through_as_they_are(transport: GrpcTransport, fleet: Fleet) -> None:
    with pytest.raises(StructureError):
        transport.get(2**40)
    with pytest.raises(DigestError):
        transport.put(b"\0" * 32, memoryview(DATA))
    other = GrpcTransport(fleet.address, token=TOKEN)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(VersionError):
        patch.setattr(OPSET, "digest", b"\0" * 32)
        other.open()
    other.close()


def test_cancel_finds_its_session(transport: GrpcTransport) -> None:
    transport.send(fragment(1, BLOCK))
    while not transport.cancel(1):  # until the fragment has arrived
        pass
    assert isinstance(from_status(transport.receive().error), CancelledError)


def known(fleet: Fleet, sessions: int) -> None:
    """Returns when the gateway knows of so many sessions, and that nothing runs: it asks now and then."""
    gateway = ClusterChannel(fleet.address, TOKEN)
    while True:
        pulses = [worker.pulse for worker in gateway.status().workers]
        if sum(p.sessions for p in pulses) == sessions and not any(p.running for p in pulses):
            return


def test_new_sessions_are_spread(fleet: Fleet) -> None:
    before = [len(worker.engines) for worker in fleet.workers]
    transports = [GrpcTransport(fleet.address, token=TOKEN) for _ in range(6)]
    for opened, transport in enumerate(transports):
        known(fleet, opened)
        transport.open()
    assert [len(worker.engines) - n for worker, n in zip(fleet.workers, before, strict=True)] == [3, 3]
    for transport in transports:
        transport.close()


@pytest.mark.parametrize("token", [None, "another token entirely"])
def test_the_gateway_asks_for_the_token(fleet: Fleet, token: str | None) -> None:
    before = fleet.engines
    transport = GrpcTransport(fleet.address, token=token)
    with pytest.raises(AccessError):
        transport.open()
    transport.close()
    assert fleet.engines == before


def test_a_session_that_no_worker_has(fleet: Fleet) -> None:
    metadata = (("authorization", f"Bearer {TOKEN}"), ("telegrad-session", "w0000.1234"))
    with raw_channel(fleet.address) as channel:
        stub = session_pb2_grpc.SessionStub(channel)
        calls = [
            lambda: stub.Missing(tensor_pb2.MissingRequest(), metadata=metadata),
            lambda: list(stub.Get(tensor_pb2.GetRequest(), metadata=metadata)),
            lambda: stub.Put(iter([tensor_pb2.PutChunk()]), metadata=metadata),
            lambda: list(stub.Attach(iter([opening("w0000.1234")]), metadata=metadata)),
        ]
        for call in calls:
            with pytest.raises(grpc.RpcError) as caught:
                call()
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_the_direct_address_is_passed_on_and_leads_to_the_worker(fleet: Fleet) -> None:
    known(fleet, 0)
    transports = [GrpcTransport(fleet.address, token=TOKEN, direct=True) for _ in range(2)]
    for transport in transports:
        transport.open()
        transport.send(fragment(1))
        transport.receive()
    # One of the two workers hands its address out, the other has none to hand out.
    assert {transport.address for transport in transports} == {fleet.workers[0].address, fleet.address}
    for transport in transports:
        transport.close()


def test_a_client_that_vanishes_leaves_no_stream_at_the_worker() -> None:
    with fake_worker(lease_s=0.2) as worker, serving("--relay-to", worker.address) as (address, _):
        transport = GrpcTransport(address)
        transport.open()
        transport.send(fragment(1))
        transport.receive()
        transport._drop_stream()  # no goodbye
        assert worker.engines[0].freed.wait(60), "the lease began to run when the stream was lost"
        transport.close()


def test_a_full_worker_is_passed_over_and_a_full_fleet_says_so() -> None:
    with (
        fake_worker(max_sessions=1) as one,
        fake_worker(max_sessions=1) as two,
        serving("--relay-to", one.address, "--relay-to", two.address) as (address, _),
    ):
        transports = [GrpcTransport(address) for _ in range(3)]
        transports[0].open()
        transports[1].open()
        assert [len(one.engines), len(two.engines)] == [1, 1]
        with pytest.raises(CapacityError):
            transports[2].open()
        for transport in transports:
            transport.close()


def test_another_gateway_goes_on_with_the_session() -> None:
    with fake_worker() as worker, serving("--relay-to", worker.address) as (second, _):
        with serving("--relay-to", worker.address) as (first, _):
            transport = GrpcTransport(first)
            opened = transport.open()
            transport.send(fragment(1))
            transport.receive()
            transport._drop_stream()
        other = GrpcTransport(second)
        other._claim, other._connection.session_id = transport._claim, opened.session_id
        assert other.open().applied_seq == 1
        other.send(fragment(2))
        assert other.receive().seq == 2
        assert worker.engines[0].applied == [1, 2]
        other.close()
        transport.close()


def test_a_worker_that_is_replaced_has_lost_what_nobody_kept() -> None:
    port = free_port()
    with fake_worker(port=port) as worker, serving("--relay-to", worker.address) as (address, _):
        transport, other = GrpcTransport(address, journal_bytes=0), GrpcTransport(address)
        for each in (transport, other):
            each.open()
            each.send(fragment(1))
            each.receive()
        worker.server.stop()
        with fake_worker(port=port) as worker:
            transport.send(fragment(2))
            with pytest.raises(SessionNotFoundError):
                transport.receive()
            transport.close()
            other.send(fragment(2))
            assert other.receive().seq == 2
            assert worker.engines[0].applied == [1, 2], "what was kept was sent again"
            other.close()


def test_a_gateway_that_ends_lets_a_running_fragment_finish() -> None:
    with fake_worker() as worker, serving("--relay-to", worker.address) as (address, pid):
        busy, idle = GrpcTransport(address, reconnect_s=0.2), GrpcTransport(address, reconnect_s=0.2)
        busy.open()
        idle.open()
        busy.send(fragment(1, BLOCK))
        assert worker.engines[0].blocking.wait(60)
        with raw_channel(address) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
            os.kill(pid, signal.SIGTERM)
            assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
            watch.cancel()
        idle.send(fragment(1))
        with pytest.raises(ServerUnavailableError):
            idle.receive()
        worker.engines[0].cancel(1)
        assert busy.receive().seq == 1
        busy.close()
        idle.close()


def test_gaps_are_told_through_the_gateway(fleet: Fleet) -> None:
    transport = GrpcTransport(fleet.address, token=TOKEN)
    transport.open()
    transport.send(fragment(2))
    assert isinstance(from_status(transport.receive().error), FragmentGapError)
    transport.close()
