"""A batch that only computes, on two workers and on one; answers after kills. A worker has one thread."""

from __future__ import annotations

import os
import signal
import statistics
import time

import numpy as np
import psutil
import pytest

import telegrad as tg
from telegrad.transport.cluster import ClusterChannel
from tests.bench.measuring import heading, report, seconds, side_by_side
from tests.places import serving

WIDTH = 384
ROWS = 4096
LAYERS = 40
SHARDS = 4


def loss(weight: tg.Tensor, rows: tg.Tensor) -> tg.Tensor:
    """The sum over a batch of what comes out of many layers with one weight."""
    for _ in range(LAYERS):
        rows = tg.tanh(rows @ weight)
    total: tg.Tensor = (rows * rows).sum()
    return total


@pytest.mark.timeout(600)
def bench_two_workers_beside_one() -> None:
    rng = np.random.default_rng(0)
    weight = tg.tensor(rng.standard_normal((WIDTH, WIDTH)).astype(np.float32) / WIDTH**0.5)
    rows = rng.standard_normal((ROWS, WIDTH)).astype(np.float32)
    program = tg.trace(loss, weight, tg.spec((None, WIDTH), "float32"))
    with serving("--ray", "--workers", "2", "--spares", "0") as (gateway, _pid):
        status = ClusterChannel(gateway, None).status()
        while sum(worker.state == "ready" for worker in status.workers) < 2:
            status = ClusterChannel(gateway, None).status()
        single = status.workers[0].address
        processes = [psutil.Process(worker.pulse.pid) for worker in status.workers]
        answers = {}
        busiest: dict[str, list[float]] = {gateway: [], single: []}

        def batch(address: str) -> None:
            # The current connection says where; programs keep their own connections to it.
            tg.connect(address, progress=False)
            before = [sum(process.cpu_times()[:2]) for process in processes]
            _, gradient = program.value_and_grad(weight, rows, shards=SHARDS)
            after = [sum(process.cpu_times()[:2]) for process in processes]
            busiest[address].append(max(b - a for a, b in zip(before, after, strict=True)))
            answers[address] = np.asarray(gradient)

        heading(f"{ROWS} rows through {LAYERS} layers of {WIDTH}, and back, in {SHARDS} shards")
        contenders = {"two": lambda: batch(gateway), "one": lambda: batch(single)}
        times = side_by_side(contenders, repetitions=5, warm_up=1)
        assert answers[gateway].tobytes() == answers[single].tobytes(), "the same, whoever computed it"
        report("median", ("two", times["two"].median_s), ("one", times["one"].median_s), seconds)
        report("best", ("two", times["two"].best_s), ("one", times["one"].best_s), seconds)
        rate = times["one"].median_s / times["two"].median_s
        print(
            f"{'rate of two beside one':32} {rate:.2f} times; goal 1.8: {'kept' if rate >= 1.8 else 'MISSED'}"
        )
        # What the clock says depends on who else wants the cores; the busier worker's own time does not.
        own = statistics.median(busiest[single]) / statistics.median(busiest[gateway])
        print(f"{'by the busier worker alone':32} {own:.2f} times, in its processor time")
        tg.disconnect()


@pytest.mark.timeout(600)
def bench_the_next_answer_after_a_kill() -> None:
    """A session whose worker is killed, again and again: how long until its next answer."""
    with serving("--ray", "--workers", "2") as (gateway, _pid):
        channel = ClusterChannel(gateway, None)
        tg.connect(gateway, progress=False)
        x = tg.ones(1000, requires_grad=True)
        waits = []
        for _ in range(10):
            while sum(worker.state == "ready" for worker in channel.status().workers) < 2:
                pass
            x.grad = None
            (x * x).sum().backward()
            assert x.grad is not None
            x.grad.numpy()
            (held,) = [s.worker for s in channel.sessions().sessions if s.session.attached]
            (pid,) = [w.pulse.pid for w in channel.status().workers if w.worker == held]
            os.kill(pid, signal.SIGKILL)
            began = time.perf_counter()
            x.grad = None
            (x * x).sum().backward()
            assert x.grad is not None
            np.testing.assert_array_equal(x.grad.numpy(), np.full(1000, 2.0, np.float32))
            waits.append(time.perf_counter() - began)
        heading("From the kill of a session's worker to its next answer, two workers and a spare")
        print(
            f"{'median':32} {seconds(statistics.median(waits))}, goal 3 s; "
            f"all: {', '.join(map(seconds, waits))}"
        )
        tg.disconnect()
