"""A job over ten million rows of Parquet, killed again and again: the same bytes, in the same memory.

CHAOS_ROWS and CHAOS_JOB_KILLS set other numbers.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import telegrad as tg
from telegrad import jobs
from telegrad.job_reports import JobStatus
from tests.conftest import SEED
from tests.places import serving

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(3600)]

ROWS = int(os.environ.get("CHAOS_ROWS", "10000000"))
KILLS = int(os.environ.get("CHAOS_JOB_KILLS", "20"))
COLUMNS = [f"c{n}" for n in range(8)]


def write(folder: Path, rows: int) -> None:
    """So many rows of eight numbers and a target, a million a file, a sixteenth of that a row group."""
    rng = np.random.default_rng(SEED)
    for number, first in enumerate(range(0, rows, 1_000_000)):
        count = min(1_000_000, rows - first)
        columns = {name: rng.standard_normal(count, np.float32) for name in (*COLUMNS, "y")}
        pq.write_table(pa.table(columns), folder / f"{number:02d}.parquet", row_group_size=65_536)


def program() -> tg.Program:
    """The squared error of a small network."""

    def loss(w: tg.Tensor, v: tg.Tensor, x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
        return ((tg.tanh(x @ w) @ v - y) ** 2).sum()

    return tg.trace(
        loss,
        tg.zeros(8, 16),
        tg.zeros(16),
        tg.spec((None, 8), "float32"),
        tg.spec((None,), "float32"),
    )


class Killer:
    """Kills a driver, or a process of the pool, at random moments while a job runs."""

    def __init__(self, pid: int) -> None:
        self.killed = {"DriverActor": 0, "MapWorker": 0}
        self._pid = pid
        self._random = random.Random(SEED)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._end.set()
            self._thread.join()

    def _run(self) -> None:
        while sum(self.killed.values()) < KILLS and not self._end.wait(self._random.uniform(0.5, 4.0)):
            what = self._random.choice(["DriverActor", "MapWorker", "MapWorker"])
            for process in psutil.Process(self._pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if f"ray::{what}" in " ".join(process.cmdline()):
                        process.kill()
                        self.killed[what] += 1
                        break


def _result(data: str, address: str, model: dict[str, np.ndarray]) -> tuple[bytes, JobStatus]:
    inputs = {"x": COLUMNS, "y": "y"}
    job = jobs.submit(
        program(), data, inputs, params=model, batch_rows=8192, shard_rows=65_536, address=address
    )
    result = job.result()
    raw = result.value.tobytes() + b"".join(result.grads[name].tobytes() for name in sorted(result.grads))
    return raw, job.status()


def test_row_37_ten_million_rows_killed_twenty_times(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write(data, ROWS)
    size = sum(path.stat().st_size for path in data.iterdir())
    rng = np.random.default_rng(SEED)
    model = {"w": rng.standard_normal((8, 16), np.float32), "v": rng.standard_normal(16, np.float32)}
    with serving("--ray", "--workers", "1", "--spares", "0", "--jobs", str(tmp_path / "jobs")) as (
        address,
        pid,
    ):
        _, small = _result(f"{data}/00.parquet", address, model)
        started = time.monotonic()
        undisturbed, whole = _result(f"{data}/*.parquet", address, model)
        quiet_s = time.monotonic() - started
        killer = Killer(pid)
        started = time.monotonic()
        with killer.at_work():
            disturbed, status = _result(f"{data}/*.parquet", address, model)
            disturbed_s = time.monotonic() - started
            while sum(killer.killed.values()) < KILLS:  # it ended sooner: once more, until there were enough
                disturbed_again, status = _result(f"{data}/*.parquet", address, model)
                assert disturbed_again == undisturbed
    print(
        f"\n{ROWS} rows, {size / 2**20:.0f} MiB of Parquet: {quiet_s:.0f} s undisturbed, {disturbed_s:.0f} s "
        f"with kills; {killer.killed} killed, driver started again {status.restarts} times in the last run"
    )
    for name, one in (("a file", small), ("all", whole), ("killed", status)):
        driver, worker = one.peak_driver_bytes / 2**20, one.peak_worker_bytes / 2**20
        print(f"peak memory, {name}: driver {driver:.0f} MiB, worker {worker:.0f} MiB")
    assert disturbed == undisturbed
    assert whole.rows_done == status.rows_done == ROWS
    # Memory does not grow with the data: ten times as many rows, at most a tenth more.
    for field in ("peak_driver_bytes", "peak_worker_bytes"):
        assert getattr(status, field) < 1.1 * getattr(small, field) + (16 << 20)
