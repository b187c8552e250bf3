"""Batch jobs on a real Ray: spread, killed and resumed, cancelled, and found again from another process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

import telegrad as tg
from telegrad import jobs
from telegrad_proto.errors import JobError
from telegrad_server.failpoints import VARIABLE
from tests.places import serving
from tests.server.jobs.drafts import COLUMNS, rows, write_rows

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

W = np.array([0.5, -1.0, 0.25, 2.0])


@dataclass(frozen=True, slots=True)
class Cluster:
    """A gateway whose Ray has room for two processes of a job.

    Attributes:
        address: the gateway's.
        pid: its process.
        gate: see below.
    """

    address: str
    pid: int
    gate: Path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("jobs")
    gate = tmp_path_factory.mktemp("gate") / "closed"
    arguments = ("--ray", "--workers", "1", "--spares", "0", "--jobs", str(folder))
    with serving(*arguments, environment={VARIABLE: f"shard=wait:2@{gate}"}) as (address, pid):
        yield Cluster(address, pid, gate)


@pytest.fixture
def gate(cluster: Cluster) -> Iterator[Path]:
    """While this file is there, a process computes one shard and waits at the next: no job can end."""
    yield cluster.gate
    cluster.gate.unlink(missing_ok=True)


def _program() -> tg.Program:
    """sum over rows of a chain of sines of x w."""

    def loss(w: tg.Tensor, x: tg.Tensor) -> tg.Tensor:
        y = x * w
        for _ in range(20):
            y = tg.sin(y) + x
        return y.sum()

    return tg.trace(loss, tg.zeros(4, dtype=tg.float64), tg.spec((None, 4), "float64"))


def _processes(pid: int, what: str) -> list[psutil.Process]:
    """The processes below this one that Ray has named so."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if what in " ".join(process.cmdline()):
                found.append(process)
    return found


def _kill_one(pid: int, what: str, known: set[int]) -> None:
    """Kills one of these processes, and waits for it if there is only such as were known before."""
    deadline = time.monotonic() + 60
    while not (found := [one for one in _processes(pid, what) if one.pid not in known]):
        assert time.monotonic() < deadline, f"no {what} is started"
    found[0].kill()


def test_killed_again_and_again_it_ends_with_the_undisturbed_result(
    cluster: Cluster, gate: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "x.npz", rows(30_000))
    program = _program()

    def submit() -> jobs.Job:
        return jobs.submit(
            program,
            data,
            {"x": COLUMNS},
            params={"w": W},
            batch_rows=100,
            shard_rows=1000,
            address=cluster.address,
        )

    undisturbed = submit().result()
    gate.touch()
    job = submit()
    # A driver, a process of the pool that its successor started, and the manager of all, each after the job
    # got on.
    victims = ["DriverActor", "MapWorker", "JobManager"]
    killed_after: list[int] = []
    known: set[int] = set()
    for status in job.events():
        if victims and status.state == "running" and status.shards_done > max(killed_after, default=0):
            pool = {one.pid for one in _processes(cluster.pid, "MapWorker")}
            _kill_one(cluster.pid, victims.pop(0), known)
            known = pool
            killed_after.append(status.shards_done)
            if not victims:
                gate.unlink()
    print(killed_after, status.shards_total)
    assert not victims, f"killed after {killed_after} shards of {status.shards_total}"
    status = job.status()
    assert status.state == "finished", status.error
    assert status.restarts >= 2
    disturbed = job.result()
    assert disturbed.value.tobytes() == undisturbed.value.tobytes()
    assert disturbed.grads["w"].tobytes() == undisturbed.grads["w"].tobytes()
    assert disturbed.rows == 30_000
    digests = [[s["digest"] for s in r.manifest["shards"]] for r in (disturbed, undisturbed)]
    assert digests[0] == digests[1]


def test_one_runs_the_next_waits_and_both_can_be_cancelled(
    cluster: Cluster, gate: Path, tmp_path: Path
) -> None:
    address, pid = cluster.address, cluster.pid
    data = write_rows(tmp_path / "x.npz", rows(30_000))
    program = _program()
    gate.touch()
    first, second = (
        jobs.submit(
            program, data, {"x": COLUMNS}, params={"w": W}, batch_rows=100, shard_rows=1000, address=address
        )
        for _ in range(2)
    )
    for status in first.events():
        if status.shards_done:
            break
    assert second.status().queue_position == 1
    assert second.cancel().state == "cancelled"
    first.cancel()
    gate.unlink()
    *_, last = first.events()
    assert last.state == "cancelled"
    assert 0 < last.shards_done < last.shards_total
    with pytest.raises(JobError, match="cancelled"):
        first.result()
    # What is found again from another process, by id.
    line = f"from telegrad import jobs; print(jobs.get({first.id!r}, address={address!r}).status().state)"
    told = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.strip() == "cancelled"
    assert _processes(pid, "MapWorker") == [] or _gone(_processes(pid, "MapWorker"))


def _gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive
