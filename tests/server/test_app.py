"""The process: told to end it ends in order, in each of its forms."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import AccessError
from telegrad_proto.v1 import session_pb2
from telegrad_server.app import gateway_settings, worker_settings
from telegrad_server.config import Settings
from tests.places import serving


def test_each_part_gets_its_settings() -> None:
    settings = Settings(port=5, lease_s=7, max_sessions=3, grace_s=2, reflection=True)
    worker = worker_settings(settings, "token")
    assert (worker.port, worker.lease_s, worker.max_sessions, worker.token) == (5, 7, 3, "token")
    assert worker.device == "cpu"
    gateway = gateway_settings(settings, "token")
    assert (gateway.port, gateway.grace_s, gateway.token, gateway.reflection) == (5, 2, "token", True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_with_a_session_open(number: signal.Signals) -> None:
    with serving() as (address, pid):
        transport = GrpcTransport(address, reconnect_s=0.1)
        transport.open()
        transport.send(session_pb2.Fragment(seq=1))
        assert transport.receive().seq == 1
        os.kill(pid, number)
        transport.close()
    # `serving` said SIGTERM once more at the end of the block, and found status 0.


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("the token of this test\n")
    with serving("--token-file", str(path)) as (address, _):
        stranger = GrpcTransport(address, token="the token of another")
        with pytest.raises(AccessError):
            stranger.open()
        stranger.close()
        friend = GrpcTransport(address, token="the token of this test")
        friend.open()
        friend.close()


def test_a_taken_port_ends_it_with_a_word() -> None:
    with serving() as (address, _):
        port = address.rpartition(":")[2]
        command = [str(Path(sys.executable).parent / "telegrad-server"), "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
