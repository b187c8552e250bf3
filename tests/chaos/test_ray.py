"""A Ray whose nodes and whose head are killed and frozen, while a client trains on the workers there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psutil
import pytest

import telegrad
from telegrad.recording.session import Session
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.channel import CLUSTER_SERVICE
from telegrad_proto.errors import ServerUnavailableError
from telegrad_proto.v1.cluster_pb2 import StatusReply, StatusRequest, WorkerInfo
from tests.chaos.cgroups import MemoryGroup
from tests.chaos.harness import at, connected, until
from tests.chaos.ray_nodes import RayNodes
from tests.integration.training import train
from tests.places import serving
from tests.server.fakes import raw_channel

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(600)]

#: How long Ray's processes outlive their head; a minute by default, which the tests need not wait.
GRACE = {"RAY_gcs_rpc_server_reconnect_timeout_s": "12"}

#: How long a head is away that comes back.
AWAY_S = 8.0


@contextmanager
def in_front_of(nodes: RayNodes) -> Iterator[tuple[str, int]]:
    """The address and process id of a gateway with two workers there."""
    with serving("--workers", "2", environment=nodes.variables) as served:
        until(lambda: ready(served[0]) == 2 and len(pids(served[0])) == 3, 120)  # and a spare
        assert None not in map(nodes.node_of, pids(served[0])), "none on the head, which has no CPU"
        yield served


def status(address: str) -> StatusReply:
    with raw_channel(address) as channel:
        method = channel.unary_unary(
            f"/{CLUSTER_SERVICE}/Status", StatusRequest.SerializeToString, StatusReply.FromString
        )
        reply: StatusReply = method(StatusRequest(), timeout=30)
        return reply


def ready(address: str) -> int:
    return sum(worker.state == "ready" for worker in status(address).workers)


def takes_sessions(address: str) -> bool:
    """Whether the gateway does, which may learn of a worker a moment after the supervisor."""
    transport = GrpcTransport(address)
    try:
        transport.open()
    except ServerUnavailableError:
        return False
    transport.close()
    return True


def pids(address: str) -> set[int]:
    """The workers' and spares' processes."""
    return {worker.pulse.pid for worker in status(address).workers if worker.pulse.pid}


def name_of(session: Session) -> str:
    """What the worker calls itself where the session lives."""
    assert isinstance(session.transport, GrpcTransport)
    return session.transport._claim.session_id.partition(".")[0]


def holder(session: Session, address: str) -> WorkerInfo:
    """The worker where the session lives."""
    (found,) = [worker for worker in status(address).workers if worker.pulse.name == name_of(session)]
    return found


def next_answer() -> float:
    """How long it takes to get one."""
    began = time.monotonic()
    assert telegrad.ones(2).sum().item() == 2.0
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_row_13_and_14_a_node_that_is_lost(undisturbed: list[bytes], fault: str) -> None:
    with RayNodes(2) as nodes, in_front_of(nodes) as (address, _), connected(address) as session:

        def lose() -> None:
            telegrad.synchronize()
            before = name_of(session)
            lost = nodes.node_of(holder(session, address).pulse.pid)
            assert lost is not None
            nodes.freeze(lost) if fault == "frozen" else nodes.kill(nodes.nodes[lost]["raylet"])
            began = time.monotonic()
            slowest_s = 0.0
            while name_of(session) == before:
                slowest_s = max(slowest_s, next_answer())
            moved_s = time.monotonic() - began
            print(f"node {fault}: on another one after {moved_s:.2f} s, longest wait {slowest_s:.2f} s")
            assert moved_s < 20, "under ten on a machine that is not busy"
            # Not only this session: there are two workers again, none where nobody answers.
            until(lambda: ready(address) == 2 and lost not in map(nodes.node_of, pids(address)), 120)
            print(f"node {fault}: two workers again after {time.monotonic() - began:.2f} s")

        assert train(telegrad, between=at({10: lose, 20: nodes.thaw})) == undisturbed
        assert session.transport.traffic.replayed > 0


def test_row_15_a_head_that_is_away_for_a_while(undisturbed: list[bytes]) -> None:
    with RayNodes(1, stored=True) as nodes, in_front_of(nodes) as (address, _), connected(address) as session:
        before = [worker.pulse.pid for worker in status(address).workers]

        def new_session() -> None:
            with_it = GrpcTransport(address)
            began = time.monotonic()
            with_it.open()
            print(f"a new session without a head: {time.monotonic() - began:.2f} s")
            with_it.close()

        def away() -> None:
            nodes.kill(nodes.head["gcs_server"])
            began = time.monotonic()
            slowest_s = 0.0
            while time.monotonic() - began < AWAY_S:
                slowest_s = max(slowest_s, next_answer())
            print(f"head killed: the longest wait in {AWAY_S:g} s was {slowest_s:.2f} s")
            new_session()

        assert train(telegrad, between=at({8: away, 20: nodes.restart_head})) == undisturbed
        assert session.transport.traffic.replayed == 0, "it never left its worker"
        until(lambda: status(address).supervised and ready(address) == 2)
        new_session()
        assert [worker.pulse.pid for worker in status(address).workers] == before


def test_row_16_a_head_that_is_gone_for_ever(undisturbed: list[bytes]) -> None:
    with RayNodes(1, GRACE) as nodes, in_front_of(nodes) as (address, gateway):
        with connected(address) as session:
            kill = partial(nodes.kill, nodes.head["gcs_server"])
            assert train(telegrad, between=at({10: kill})) == undisturbed, "living workers are served"
            assert session.transport.traffic.replayed == 0
        # Ray ends its processes, workers among them, when the head has been gone for long enough.
        until(lambda: ready(address) == 0, 120)
        nodes.end()
        began = time.monotonic()
        with pytest.raises(ServerUnavailableError, match=r"no worker is ready.*Ray") as refused:
            GrpcTransport(address, connect_s=5).open()
        print(f"refused after {time.monotonic() - began:.2f} s: {refused.value}")
        assert time.monotonic() - began < 60
        assert psutil.Process(gateway).status() != psutil.STATUS_ZOMBIE, "it outlives Ray"
        # Another head at the same address: the gateway joins it, and has workers made there.
        began = time.monotonic()
        nodes.start(nodes.port)
        until(lambda: ready(address) == 2 and takes_sessions(address), 240)
        print(f"another head: two workers after {time.monotonic() - began:.2f} s, its own start included")
        with connected(address):
            assert train(telegrad) == undisturbed


def test_row_16_a_ray_of_our_own_whose_head_is_killed_is_started_anew(undisturbed: list[bytes]) -> None:
    with serving("--ray", "--workers", "1", environment=GRACE) as (address, gateway):
        until(lambda: ready(address) == 1)
        children = psutil.Process(gateway).children(recursive=True)
        (head,) = [process for process in children if process.name() == "gcs_server"]
        before = pids(address)
        with connected(address):
            assert train(telegrad, between=at({10: head.kill})) == undisturbed
        began = time.monotonic()
        until(lambda: ready(address) == 1 and not before & pids(address) and takes_sessions(address), 240)
        print(f"own head: a worker of another Ray after {time.monotonic() - began:.2f} s")
        with connected(address):
            assert train(telegrad) == undisturbed
        children += psutil.Process(gateway).children(recursive=True)
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == [], "nothing of either is left"


#: Takes 64 MiB more for each line, and says so.
_HOG = "import sys; held = [print(len(line), flush=True) or b'x' * (64 << 20) for line in sys.stdin]"


def test_row_29_ray_ends_workers_when_memory_runs_out(undisturbed: list[bytes]) -> None:
    limit = 4 << 30
    try:
        group = MemoryGroup(limit)
    except OSError as error:
        pytest.skip(f"no bound of memory can be set on this machine: {error}")
    # Ray's share is reached before the kernel's bound.
    settings = {"RAY_memory_usage_threshold": "0.7"}
    with (
        group,
        RayNodes(1, settings, within=group.command) as nodes,
        in_front_of(nodes) as (address, _),
        connected(address) as session,
    ):

        def press() -> None:
            telegrad.synchronize()
            victim = psutil.Process(holder(session, address).pulse.pid)
            pipe = subprocess.PIPE
            with subprocess.Popen([sys.executable, "-c", _HOG], stdin=pipe, stdout=pipe, text=True) as hog:
                group.take(hog.pid)
                more, taken = hog.stdin, hog.stdout
                assert more is not None, "piped"
                assert taken is not None, "piped"

                def ended() -> bool:
                    if group.used_bytes < 0.9 * limit:
                        print(file=more, flush=True)
                        taken.readline()
                    # Seen for itself: the supervisor, who would tell, is killed like everybody.
                    return victim in psutil.wait_procs([victim], timeout=0)[0]

                until(ended, 120)
            began = time.monotonic()
            print(f"memory is there again: the next answer after {next_answer():.2f} s")
            until(lambda: ready(address) == 2, 120)
            print(f"two workers again after {time.monotonic() - began:.2f} s")

        assert train(telegrad, between=at({10: press})) == undisturbed
        assert session.transport.traffic.replayed > 0
        assert "OOM kill reason: Memory usage" in nodes.said, "it was Ray"
        assert group.kills == 0, "not the kernel"
