"""Too little memory, a full disk, garbage on the wire: a call fails with its reason, sessions live on."""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import telegrad
from telegrad.transport.cluster import ClusterChannel
from telegrad_proto.errors import OutOfMemoryError
from tests.chaos.cgroups import MemoryGroup
from tests.chaos.harness import connected, fleet, until
from tests.chaos.remote import Client
from tests.integration.servers import PROGRAM, Server
from tests.integration.training import train

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


def test_row_27_over_its_quota_a_session_is_refused_and_lives(undisturbed: list[bytes]) -> None:
    with Server("--session-bytes", "8MiB") as server, connected(server.address):
        large = telegrad.ones(1000, 1000)
        with pytest.raises(OutOfMemoryError):
            (telegrad.exp(large) @ telegrad.sin(large) + large).sum().item()
        del large
        assert train(telegrad) == undisturbed


def test_row_28_a_worker_out_of_memory_fails_the_call_only(undisturbed: list[bytes]) -> None:
    with Server() as server, connected(server.address):
        telegrad.ones(1).sum().item()
        used = int(Path(f"/proc/{server.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(server.pid, resource.RLIMIT_AS, (used + (256 << 20), resource.RLIM_INFINITY))
        # 2 GiB for one value: more than there is.
        with pytest.raises(OutOfMemoryError):
            telegrad.sin(telegrad.ones(16384, 16384, dtype=telegrad.float64)).sum().item()
        assert train(telegrad) == undisturbed


def test_row_28_a_worker_that_the_kernel_kills_takes_nobody_with_it(undisturbed: list[bytes]) -> None:
    try:
        group = MemoryGroup(300 << 20)
    except OSError as error:
        pytest.skip(f"no bound of memory can be set on this machine: {error}")
    with (
        group,
        fleet() as servers,
        Client(None, servers.address, pauses=[10]) as one,
        Client(None, servers.address, pauses=[10]) as other,
    ):
        before = {client: client.found() for client in (one, other)}
        assert len({found.worker for found in before.values()}) == 2, "one on each"
        with connected(servers.address) as session:
            victim = servers.holder(session)
            group.take(victim.pid)
            # Two values of 256 MiB: on a worker without such a bound there is room.
            large = telegrad.ones(1 << 25, dtype=telegrad.float64)
            assert telegrad.sin(large).amax().item() == np.sin(1.0)
            assert servers.holder(session) is not victim
        assert victim.wait() == -signal.SIGKILL
        assert group.kills == 1
        (survivor,) = (server for server in servers.workers if server is not victim)
        assert not survivor.ended
        states = [worker.state for worker in ClusterChannel(servers.address, None).status().workers]
        assert sorted(states) == ["dead", "ready"], "counted"
        for client, found in before.items():
            client.go_on()
            end = client.found()
            end.assert_unharmed(undisturbed)
            assert end.worker == survivor.names[-1]
            moved = found.worker != survivor.names[-1]
            assert (end.replayed > 0, end.reconnects > 0) == (moved, moved), (
                "who was elsewhere noticed nothing"
            )


#: Runs a program that sees a small disk of its own at a folder; it goes with the program.
_SMALL_DISK = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"')


def test_row_30_a_full_disk_stops_no_session(undisturbed: list[bytes], tmp_path: Path) -> None:
    disk = (*_SMALL_DISK, str(tmp_path))
    tried = subprocess.run((*disk, "true"), capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no disk can be mounted on this machine: {tried.stderr.strip()}")
    arguments = ("-v", "--snapshots", str(tmp_path), "--snapshot-s", "0.05")
    with Server(*arguments, program=(*disk, *PROGRAM)) as server, connected(server.address):
        noise = telegrad.tensor(np.random.default_rng(0).random((100, 100)))  # 80 kB: more than the disk

        def between(step: int) -> None:
            if step == 10:
                until(lambda: telegrad.ones(1).sum().item() == 1.0 and "No space left" in server.said)

        assert train(telegrad, between=between) == undisturbed
        assert noise.sum().item() > 0
        assert server.said.count("No space left") < 5, "said once, or little more"
    assert list(tmp_path.iterdir()) == [], "the disk was the server's own"


def test_row_31_who_has_no_token_learns_nothing(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a token of this test\n")
    from telegrad.transport.grpc import GrpcTransport
    from telegrad_proto.errors import AccessError

    with Server("--token-file", str(token)) as server:
        said = []
        for wrong in ("x", "a token of another", "a token of this tesu"):
            transport = GrpcTransport(server.address, token=wrong)
            with pytest.raises(AccessError) as raised:
                transport.open()
            said.append(str(raised.value))
            transport.close()
        assert len(set(said)) == 1, "the answer does not tell how wrong it was"
        stranger = GrpcTransport(server.address)
        with pytest.raises(AccessError, match="requires a token"):
            stranger.open()
        stranger.close()
        friend = GrpcTransport(server.address, token="a token of this test")
        friend.open()
        friend.close()


def test_row_32_garbage_on_the_wire_harms_nobody(undisturbed: list[bytes]) -> None:
    rng = np.random.default_rng(1)
    print("seed", 1)
    with Server() as server, connected(server.address):

        def throw(_step: int) -> None:
            for start in (b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
                with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
                    wire.sendall(start + rng.bytes(4096))
                    wire.settimeout(0.05)
                    with suppress(OSError):
                        wire.recv(4096)

        assert train(telegrad, between=throw) == undisturbed
