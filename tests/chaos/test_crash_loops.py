"""A worker that dies each time it starts, on a real Ray: ever fewer attempts, and nobody waits for it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import telegrad
from telegrad.transport.cluster import ClusterChannel
from telegrad_proto.v1 import cluster_pb2
from telegrad_server.failpoints import VARIABLE
from tests.chaos.harness import at, connected, until
from tests.integration.servers import Server
from tests.integration.training import train

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(600)]

_PATIENCE_S = 240.0


def test_row_40_a_worker_in_a_crash_loop_is_done_without(undisturbed: list[bytes], tmp_path: Path) -> None:
    broken = tmp_path / "broken"  # while it is there, no worker comes up
    arguments = ("--ray", "--workers", "2", "--spares", "0")
    with (
        Server("-v", *arguments, environment={VARIABLE: f"boot=exit@{broken}"}) as server,
        connected(server.address) as session,
    ):
        cluster = ClusterChannel(server.address, None)

        def ready() -> list[cluster_pb2.WorkerInfo]:
            return [worker for worker in cluster.status().workers if worker.state == "ready"]

        def holder() -> str:
            return str(session.transport._claim.session_id.partition(".")[0])  # type: ignore[attr-defined]

        def kill() -> None:
            until(lambda: len(ready()) == 2, _PATIENCE_S)
            broken.touch()
            (victim,) = (worker for worker in ready() if worker.pulse.name == holder())
            os.kill(victim.pulse.pid, signal.SIGKILL)
            telegrad.ones(1).sum().item()
            assert holder() != victim.pulse.name, "the other one has taken it up"

        assert train(telegrad, between=at({10: kill})) == undisturbed
        assert session.transport.traffic.replayed > 0
        until(lambda: cluster.status().circuit_open, _PATIENCE_S)
        status = cluster.status()
        assert len(ready()) == 1
        print(f"{status.failed_starts} starts failed: {status.reason}")
        assert telegrad.ones(1).sum().item() == 1.0, "who is served is served"

        broken.unlink()
        until(lambda: len(ready()) == 2, _PATIENCE_S)
        until(lambda: not cluster.status().circuit_open, _PATIENCE_S)
