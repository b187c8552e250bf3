"""Several addresses of one service, and a session that goes on through the next when one is gone."""

from __future__ import annotations

import os
import signal

import pytest

from telegrad.transport.entrances import Entrances
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import ArgumentError, ServerUnavailableError
from telegrad_proto.v1 import session_pb2
from tests.places import serving
from tests.server.fakes import fake_worker


def test_they_are_gone_through_in_turn() -> None:
    entrances = Entrances("a:1, b:2,c:3")
    assert (entrances.more, entrances.current) == (True, "a:1")
    assert entrances.after("a:1") == "b:2"
    assert entrances.after("a:1") == "b:2", "somebody else was faster"
    assert entrances.after("worker:9") == "b:2", "a place that is no entrance leads back"
    assert entrances.more
    assert [entrances.after(entrances.current) for _ in range(3)] == ["c:3", "a:1", "b:2"]
    assert not entrances.more


@pytest.mark.parametrize("address", ["", "nowhere", "a:1,", "a:1,b", "a:0", "a:65536", "a:²"])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(ArgumentError, match="host:port"):
        Entrances(address)


def test_a_session_goes_on_through_the_next_gateway() -> None:
    with (
        fake_worker() as worker,
        serving("--relay-to", worker.address) as (first, pid),
        serving("--relay-to", worker.address) as (second, _),
    ):
        transport = GrpcTransport(f"127.0.0.1:1,{first},{second}")
        opened = transport.open()
        assert transport.address == first
        transport.send(session_pb2.Fragment(seq=1))
        assert transport.receive().seq == 1
        os.kill(pid, signal.SIGTERM)
        for seq in range(2, 5):
            transport.send(session_pb2.Fragment(seq=seq))
            assert transport.receive().seq == seq
        assert transport.address == second
        assert len(worker.engines) == 1, "the same session"
        assert worker.engines[0].applied == [1, 2, 3, 4]
        assert opened.session_id
        transport.close()


def test_nobody_at_any_of_them_is_said() -> None:
    with pytest.raises(ServerUnavailableError, match="no telegrad server answers"):
        GrpcTransport("127.0.0.1:1,127.0.0.1:2").open()
