"""A gateway's process: when it is ready, and how it ends."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from telegrad_proto.channel import SERVICE
from tests.places import free_port, serving
from tests.server.fakes import fake_worker, raw_channel

Response = health_pb2.HealthCheckResponse
COMMAND = [str(Path(sys.executable).parent / "telegrad-server")]


@contextmanager
def waiting_gateway(worker: str) -> Iterator[subprocess.Popen[str]]:
    """A gateway that has seen that its worker does not answer."""
    command = [*COMMAND, "--port", "0", "--relay-to", worker, "--verbose"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any("does not answer" in line for line in process.stderr)
            yield process
        finally:
            process.kill()


def test_it_is_healthy_while_a_worker_is() -> None:
    with (
        fake_worker() as worker,
        serving("--relay-to", worker.address) as (address, _),
        raw_channel(address) as channel,
    ):
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watch).status == Response.SERVING
        worker.server.stop()
        assert next(watch).status == Response.NOT_SERVING
        watch.cancel()


def test_it_announces_itself_only_when_somebody_can_be_served() -> None:
    port = free_port()
    with waiting_gateway(f"127.0.0.1:{port}") as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 0) == ([], [], []), "nothing said yet"
        with fake_worker(port=port):
            assert "listening on" in process.stdout.readline()
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_it_ends_in_order_before_it_was_ready() -> None:
    with waiting_gateway("127.0.0.1:1") as process:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")


def test_a_taken_port_is_refused() -> None:
    with fake_worker() as worker:
        port = worker.address.rpartition(":")[2]
        command = [*COMMAND, "--port", port, "--relay-to", worker.address]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "cannot listen" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_reflection_if_asked_for() -> None:
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    question = reflection_pb2.ServerReflectionRequest(list_services="")
    with fake_worker() as worker:
        for options, there in (([], False), (["--reflection"], True)):
            with (
                serving("--relay-to", worker.address, *options) as (address, _),
                raw_channel(address) as channel,
            ):
                stub = reflection_pb2_grpc.ServerReflectionStub(channel)
                if there:
                    (listed,) = stub.ServerReflectionInfo(iter([question]))
                    assert SERVICE in {s.name for s in listed.list_services_response.service}
                else:
                    with pytest.raises(grpc.RpcError) as caught:
                        list(stub.ServerReflectionInfo(iter([question])))
                    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
