"""The cluster on a real Ray of this machine: started, joined, and with workers that die and freeze."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.channel import CLUSTER_SERVICE
from telegrad_proto.errors import CapacityError, ServerUnavailableError
from telegrad_proto.v1 import session_pb2
from telegrad_proto.v1.cluster_pb2 import DrainReply, DrainRequest, StatusReply, StatusRequest, WorkerInfo
from tests.places import BIN, free_port, serving
from tests.server.fakes import raw_channel

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


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A temporary folder of the test's own, with a name short enough for Ray's sockets."""
    with tempfile.TemporaryDirectory(prefix="tg-", dir="/tmp") as folder:
        yield Path(folder)


def ask(address: str, name: str, request: Any, reply: Any) -> Any:
    """An answer of the gateway's Cluster service."""
    with raw_channel(address) as channel:
        method = channel.unary_unary(
            f"/{CLUSTER_SERVICE}/{name}", type(request).SerializeToString, reply.FromString
        )
        return method(request, timeout=10)


def status_when(address: str, holds: Callable[[StatusReply], bool], patience_s: float = 60) -> StatusReply:
    """The cluster's status as soon as it is as wanted."""
    deadline = time.monotonic() + patience_s
    while not holds(status := ask(address, "Status", StatusRequest(), StatusReply)):
        assert time.monotonic() < deadline, status
    return status


def settled(workers: int) -> Callable[[StatusReply], bool]:
    """As many workers are ready, and nothing else is going on."""
    return lambda status: [w.state for w in status.workers if w.state != "spare"] == ["ready"] * workers


def holder(address: str, session_id: str) -> WorkerInfo:
    """The worker that a session is on."""
    name = session_id.partition(".")[0]
    (found,) = [
        w for w in ask(address, "Status", StatusRequest(), StatusReply).workers if w.pulse.name == name
    ]
    return found


@pytest.mark.chaos
def test_a_ray_of_our_own(own_folder: Path) -> None:
    environment = {"TMPDIR": str(own_folder)}
    with serving("--ray", "--workers", "2", environment=environment) as (address, pid):
        status_when(address, settled(2))
        with session(address) as (one, first), session(address) as (two, second):
            # Two sessions, two workers, each reached through the gateway and directly.
            assert first.session_id.partition(".")[0] != second.session_id.partition(".")[0]
            exchange(one, 1)
            exchange(two, 1)
            with session(address, direct=True) as (straight, opened):
                assert straight.address == opened.direct_address != address
                exchange(straight, 1)

            # One worker is killed: its session goes on elsewhere, the other one's where it is.
            os.kill(holder(address, first.session_id).pulse.pid, signal.SIGKILL)
            began = time.monotonic()
            exchange(one, 2)
            print(f"killed: answered after {time.monotonic() - began:.2f} s")
            exchange(two, 2)

            # Another is frozen, which Ray never notices.
            frozen = holder(address, second.session_id)
            os.kill(frozen.pulse.pid, signal.SIGSTOP)
            began = time.monotonic()
            status_when(address, lambda s: frozen.worker not in [w.worker for w in s.workers], patience_s=30)
            print(f"frozen: replaced after {time.monotonic() - began:.2f} s")
            exchange(two, 3)
            status_when(address, settled(2))

            # The supervisor is killed: the workers go on, and its successor looks after the same ones.
            before = [w.worker for w in ask(address, "Status", StatusRequest(), StatusReply).workers]
            (supervisor,) = processes_named(pid, "SupervisorActor")
            supervisor.kill()
            exchange(one, 3)
            status = status_when(address, lambda s: s.supervised and settled(2)(s))
            assert [w.worker for w in status.workers][:2] == before[:2]

            # A worker is drained: it ends in order, and has a successor.
            leaving = status.workers[0].worker
            ask(address, "Drain", DrainRequest(worker=leaving), DrainReply)
            status_when(address, lambda s: settled(2)(s) and leaving not in [w.worker for w in s.workers])
            exchange(one, 4)
            exchange(two, 4)
        processes = psutil.Process(pid).children(recursive=True)
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == [], "nothing of Ray is left"
    assert list(own_folder.iterdir()) == []


def test_told_to_end_while_it_starts_it_leaves_nothing(own_folder: Path) -> None:
    command = [str(BIN / "telegrad-server"), "--ray", "--workers", "1", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(own_folder)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        deadline = time.monotonic() + 60
        while not list(own_folder.glob("tg-ray-*/session_*")) and time.monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.05)
        started = processes_below(own_folder)
        assert len(started) > 1, "Ray has begun to start"
        server.send_signal(signal.SIGTERM)
        said, errors = server.communicate(timeout=60)
    assert (server.returncode, said) == (128 + signal.SIGTERM, b""), errors.decode()
    psutil.wait_procs(started, timeout=30)
    assert not processes_below(own_folder)
    assert not list(own_folder.iterdir())


def processes_named(pid: int, what: str) -> list[psutil.Process]:
    """The processes below this one whose name has the word."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # Ray's own helpers come and go
            if what in process.name():
                found.append(process)
    return found


def processes_below(folder: Path) -> list[psutil.Process]:
    """Every living process that has the folder for its temporary files."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.environ().get("TMPDIR") == str(folder)
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@contextmanager
def ray_head(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A Ray head of somebody else's; its address."""
    port = free_port()
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
            with serving("--gateway-only", environment=variables) as (second, _):
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


@pytest.mark.slow
def test_it_grows_under_load_and_gives_back_what_it_does_not_need() -> None:
    sizes = ["--min-workers", "1", "--max-workers", "2", "--spares", "0", "--max-sessions", "2"]
    with serving("--ray", *sizes) as (address, _):
        assert status_when(address, settled(1)).desired == 1
        with session(address) as (one, _), session(address) as (two, _):
            # All room is taken: after a while there is a second worker, and somebody else fits in.
            status_when(address, settled(2))
            with session(address) as (three, opened):
                exchange(three, 1)
                assert holder(address, opened.session_id).worker == "worker-1"
            exchange(one, 1)
            exchange(two, 1)
        # Nobody is left: a minute later one worker is.
        assert status_when(address, settled(1), patience_s=150).desired == 1
