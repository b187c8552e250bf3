"""Thousands of sessions opened, used and dropped: memory and threads of the servers are where they were.

The same measurement finds a leak that is planted. CHAOS_SESSIONS sets another number.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psutil
import pytest

from telegrad.transport.cluster import ClusterChannel
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.v1 import session_pb2
from tests.chaos.harness import until
from tests.conftest import SEED
from tests.engine.drafts import Draft
from tests.integration.servers import Server
from tests.places import BIN

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(3600)]

SESSIONS = int(os.environ.get("CHAOS_SESSIONS", "5000"))

#: Before this many, allocators and caches still fill.
WARM_UP = SESSIONS // 2

#: What a session may leave behind: gRPC itself leaves about a tenth of a KiB.
ALLOWED_BYTES = 1024

#: Sessions between two looks at the processes.
STRIDE = max(1, SESSIONS // 40)

#: Opens sessions, and is killed with them open.
CLIENT = """
import os, signal, sys
from telegrad.transport.cluster import ClusterChannel
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.v1 import session_pb2
raw = sys.stdin.buffer.read()
for _ in range(int(sys.argv[2])):
    transport = GrpcTransport(sys.argv[1])
    transport.open()
    transport.send(session_pb2.Fragment.FromString(raw))
    transport.receive()
os.kill(os.getpid(), signal.SIGKILL)
"""

#: A worker in which every session leaves some memory behind.
LEAKY = """
import sys
from telegrad_engine.session import EngineSession
from telegrad_server.cli import main
kept, close = [], EngineSession.close
def leaky(session):
    kept.append(bytearray(8 * 1024))
    close(session)
EngineSession.close = leaky
sys.argv[0] = "telegrad-server"
main()
"""


def fragment() -> session_pb2.Fragment:
    """A small graph with its gradient, fetched."""
    draft = Draft()
    x = draft.leaf(np.arange(256.0), grad=True)
    y = draft.node("sum", draft.node("mul", x, x), attrs=((0,), False))
    (gradient,) = draft.backward([y], [x])
    draft.fragment.fetches.append(gradient)
    return draft.fragment


@dataclass(frozen=True, slots=True)
class Process:
    """One that must not grow."""

    name: str
    pid: int

    def resident(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)

    def threads(self) -> int:
        return int(psutil.Process(self.pid).num_threads())


class Crowd:
    """Sessions that come and go in every way there is."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._fragment = fragment()
        self._random = random.Random(SEED)
        self.ways = dict.fromkeys(("closed", "cancelled", "cut", "killed"), 0)

    def come_and_go(self, count: int) -> None:
        """So many sessions."""
        while count > 0:
            way = self._random.choices(("closed", "cancelled", "cut", "killed"), (70, 20, 9.5, 0.5))[0]
            if way == "killed":
                killed = min(count, 25)
                self._killed(killed)
            else:
                killed = 1
                self._one(way)
            self.ways[way] += killed
            count -= killed

    def _one(self, way: str) -> None:
        transport = GrpcTransport(self._address)
        transport.open()
        transport.send(self._fragment)
        if way == "cancelled":
            transport.cancel(1)
        transport.receive()
        if way == "cut":
            transport._closed = True  # no word to the server: the lease ends the session
            transport._connection.close()
        else:
            transport.close()

    def _killed(self, count: int) -> None:
        command = [sys.executable, "-c", CLIENT, self._address, str(count)]
        subprocess.run(command, input=self._fragment.SerializeToString(), timeout=300, check=False)


@contextmanager
def servers(leaky: bool) -> Iterator[tuple[str, list[Process]]]:
    """A gateway's address, and the processes of gateway and worker."""
    program = (sys.executable, "-c", LEAKY) if leaky else (str(BIN / "telegrad-server"),)
    with (
        Server("--lease-s", "1", "--max-sessions", "1000", program=program) as worker,
        Server("--relay-to", worker.address) as gateway,
    ):
        yield gateway.address, [Process("gateway", gateway.pid), Process("worker", worker.pid)]


def growth(sessions: int, warm_up: int, leaky: bool) -> dict[str, float]:
    """Bytes a session, by process; that threads and sessions are back is asserted."""
    with servers(leaky) as (address, processes):
        crowd = Crowd(address)
        crowd.come_and_go(warm_up)
        _quiet(address)
        threads = {p.name: p.threads() for p in processes}
        seen: dict[str, list[int]] = {p.name: [] for p in processes}
        counts = list(range(0, sessions, STRIDE))
        for _ in counts:
            crowd.come_and_go(STRIDE)
            for process in processes:
                seen[process.name].append(process.resident())
        _quiet(address)
        for process in processes:
            until(lambda p=process: p.threads() <= threads[p.name] + 2)  # type: ignore[misc]
        print(f"\n{sum(crowd.ways.values())} sessions: {crowd.ways}")
        for name, sizes in seen.items():
            print(f"{name}: {sizes[0] / 2**20:.1f} MiB, at the end {sizes[-1] / 2**20:.1f} MiB")
        return {name: float(np.polyfit(counts, sizes, 1)[0]) for name, sizes in seen.items()}


def _quiet(address: str) -> None:
    """Waits until no session is left."""
    gateway = ClusterChannel(address, None)
    until(lambda: not gateway.sessions().sessions, 120, pause_s=0.2)


def test_sessions_leave_nothing_behind() -> None:
    found = growth(SESSIONS, WARM_UP, leaky=False)
    print({name: f"{slope:.0f} bytes a session" for name, slope in found.items()})
    assert max(found.values()) < ALLOWED_BYTES, found


def test_a_planted_leak_is_found() -> None:
    found = growth(SESSIONS // 4, WARM_UP // 4, leaky=True)
    print({name: f"{slope:.0f} bytes a session" for name, slope in found.items()})
    assert found["worker"] > 4 * ALLOWED_BYTES, "8 KiB a session were kept"
