"""Silence told from absence: workers in processes of their own, stopped, busy, ended.

All in one event loop: gRPC's asyncio side bears no second one in a process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from telegrad_proto.v1 import cluster_pb2
from telegrad_server.api import probing
from telegrad_server.api.probing import Prober
from tests.freezing import freeze
from tests.server.fakes import converse, fake_worker, opening, raw_channel

ROOT = Path(__file__).resolve().parents[3]

#: Serves, and on a word keeps the interpreter's lock in C, as some kernels do.
WORKER = """
import ctypes, sys
from tests.server.fakes import FakeWorker
worker = FakeWorker()
print(worker.address, flush=True)
for line in sys.stdin:
    print("kept", flush=True)
    ctypes.PyDLL(None).usleep(int(line))
    print("let go", flush=True)
"""


async def story(process: subprocess.Popen[str], address: str, patience: Callable[[float], None]) -> None:
    prober = Prober(None)
    patience(60.0)  # who answers may take its time, on a busy machine
    assert process.stdin is not None
    assert process.stdout is not None
    assert isinstance(await prober.beat(address), cluster_pb2.Pulse)
    assert await prober.sessions(address) == []

    process.stdin.write("2500000\n")
    process.stdin.flush()
    assert process.stdout.readline() == "kept\n"
    patience(0.5)
    assert await prober.beat(address) == "busy", "it lives"
    patience(60.0)
    assert process.stdout.readline() == "let go\n"
    assert isinstance(await prober.beat(address), cluster_pb2.Pulse)

    freeze(process.pid)
    patience(0.5)
    assert await prober.beat(address) == "silent"
    assert await prober.sessions(address) is None
    process.kill()
    process.wait()
    assert await prober.beat(address) == "gone"
    assert await prober.leave(address, 1.0) is None

    patience(60.0)
    with fake_worker() as worker:
        with raw_channel(worker.address) as channel:
            converse(channel, [opening()])
        way = prober.channel(worker.address)
        assert prober.channel(worker.address) is way
        assert await prober.leave(worker.address, 1.0) == 1
    await prober.keep_only(set())
    assert prober.channel(worker.address) is not way
    await prober.keep_only(set())


def test_a_worker_answers_is_busy_is_frozen_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            asyncio.run(
                story(
                    process,
                    process.stdout.readline().strip(),
                    lambda seconds: monkeypatch.setattr(probing, "_PROBE_S", seconds),
                )
            )
        finally:
            process.kill()
