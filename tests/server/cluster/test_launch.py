"""The cluster on a real Ray of this machine: started, joined, and with workers that die and freeze."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import CapacityError, ServerUnavailableError, SessionNotFoundError
from telegrad_proto.v1 import session_pb2
from tests.places import serving

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]


def fragment(seq: int) -> session_pb2.Fragment:
    return session_pb2.Fragment(seq=seq)


@contextmanager
def session(address: str, **options: object) -> Iterator[tuple[GrpcTransport, session_pb2.Opened]]:
    transport = GrpcTransport(address, reconnect_s=60, **options)  # type: ignore[arg-type]
    opened = open_patiently(transport)
    try:
        yield transport, opened
    finally:
        transport.close()


def open_patiently(transport: GrpcTransport) -> session_pb2.Opened:
    """The opened session; while a worker restarts there may be none for a moment."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return transport.open()
        except (ServerUnavailableError, CapacityError):
            if time.monotonic() > deadline:
                raise


def exchange(transport: GrpcTransport, seq: int) -> None:
    transport.send(fragment(seq))
    assert transport.receive().seq == seq


def workers_of(pid: int) -> list[psutil.Process]:
    """The processes of the worker actors that a server started."""
    return [
        p for p in psutil.Process(pid).children(recursive=True) if "WorkerActor" in " ".join(p.cmdline()[:1])
    ]


def serves(process: psutil.Process, address: str) -> bool:
    port = int(address.rpartition(":")[2])
    return any(c.laddr.port == port for c in process.net_connections() if c.status == psutil.CONN_LISTEN)


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A temporary folder of the test's own, with a name short enough for Ray's sockets."""
    with tempfile.TemporaryDirectory(prefix="tg-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.chaos
def test_a_ray_of_our_own(own_folder: Path) -> None:
    environment = {"TMPDIR": str(own_folder)}
    with serving("--ray", "--workers", "2", environment=environment) as (address, pid):
        with session(address) as (one, first), session(address) as (two, second):
            # Two sessions, two workers, each reached through the gateway and directly.
            assert first.session_id.partition(".")[0] != second.session_id.partition(".")[0]
            exchange(one, 1)
            exchange(two, 1)
            with session(address, direct=True) as (straight, opened):
                assert straight.address == opened.direct_address != address
                exchange(straight, 1)

            # One worker is killed: its session is gone and says so, the other goes on, a new one is served.
            (killed,) = [p for p in workers_of(pid) if serves(p, first.direct_address)]
            killed.kill()
            one.send(fragment(2))
            with pytest.raises(SessionNotFoundError):
                one.receive()
            exchange(two, 2)
            with session(address) as (again, _):
                exchange(again, 1)

            # The other is frozen, which Ray never notices: the gateway has it replaced.
            (frozen,) = [p for p in workers_of(pid) if serves(p, second.direct_address)]
            frozen.send_signal(signal.SIGSTOP)
            frozen.wait(60)
            two.send(fragment(3))
            with pytest.raises(SessionNotFoundError):
                two.receive()
        processes = psutil.Process(pid).children(recursive=True)
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == [], "nothing of Ray is left"
    assert list(own_folder.iterdir()) == []


@contextmanager
def ray_head(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A Ray head of somebody else's; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ray = Path(sys.executable).parent / "ray"
    command = (
        f"{ray} start --head --block --port={port} --node-ip-address=127.0.0.1 "
        f"--num-cpus=2 --object-store-memory=80000000 --include-dashboard=false --disable-usage-stats "
        f"--temp-dir={folder}"
    )
    log = (folder / "head.log").open("w")
    with log, subprocess.Popen(command.split(), stdout=log, stderr=log, env=environment) as head:
        try:
            health = [
                str(Path(sys.executable).parent / "ray"),
                "health-check",
                "--address",
                f"127.0.0.1:{port}",
            ]
            deadline = time.monotonic() + 60
            while subprocess.run(health, capture_output=True, env=environment, check=False).returncode:
                assert head.poll() is None, (folder / "head.log").read_text()
                assert time.monotonic() < deadline
            yield f"127.0.0.1:{port}"
        finally:
            # Told to end, the command itself would wait for its children for half a minute.
            children = psutil.Process(head.pid).children(recursive=True)
            head.kill()
            for process in children:
                process.terminate()
            _, alive = psutil.wait_procs(children, timeout=5)
            for process in alive:
                process.kill()


def test_a_ray_that_is_joined_keeps_the_workers_for_other_gateways() -> None:
    with tempfile.TemporaryDirectory(prefix="tg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        with ray_head(Path(folder), {**os.environ, **auth}) as head:
            variables = {**auth, "RAY_ADDRESS": head}
            # RAY_ADDRESS alone means --ray.
            with serving("--workers", "1", environment=variables) as (first, _):
                transport = GrpcTransport(first)
                opened = transport.open()
                exchange(transport, 1)
            transport._drop_stream()
            with serving("--workers", "1", environment=variables) as (second, _):
                other = GrpcTransport(second)
                other._claim, other._connection.session_id = transport._claim, opened.session_id
                assert other.open().applied_seq == 1, "the session outlived the gateway"
                exchange(other, 2)
                other.close()
            transport.close()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:10001"])
def test_a_ray_that_is_not_there_is_said(address: str) -> None:
    environment = {**os.environ, "RAY_ADDRESS": address, "RAY_AUTH_MODE": "disabled"}
    command = [str(Path(sys.executable).parent / "telegrad-server"), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert ended.returncode == 2
    assert f"RAY_ADDRESS {address}" in ended.stderr
    assert "Traceback" not in ended.stderr
