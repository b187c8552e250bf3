"""`telegrad cluster`: what it prints of workers behind a gateway, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from telegrad.cli.app import app
from telegrad.cli.cluster import _size
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.v1 import cluster_pb2
from tests.places import serving
from tests.server.fakes import fake_worker


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    """A gateway in front of two workers, one of which has a session."""
    with (
        fake_worker(max_sessions=5, worker_bytes=2**30) as one,
        fake_worker(max_sessions=5) as two,
        serving("--relay-to", one.address, "--relay-to", two.address) as (address, _),
    ):
        transport = GrpcTransport(address)
        transport.open()
        yield address
        transport.close()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["cluster", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_status_adds_the_workers_up(gateway: str) -> None:
    said = run("status", "--address", gateway)
    assert "2 ready" in said
    assert "sessions:      1" in said
    assert "nobody replaces" in said
    status = json.loads(run("status", "-a", gateway, "--json"))
    assert [w["state"] for w in status["workers"]] == ["ready", "ready"]
    assert status["supervised"] is False


def test_workers_are_a_table(gateway: str) -> None:
    head, *rows = run("workers", "--address", gateway).splitlines()
    assert head.split()[:4] == ["worker", "state", "address", "sessions"]
    assert sorted(row.split()[3] for row in rows) == ["0/5", "1/5"]
    assert sum("of 1 GiB" in row for row in rows) == 1
    assert len({row.index("ready") for row in rows}) == 1, "columns stand below each other"


def test_sessions_say_where_they_are(gateway: str) -> None:
    head, row = run("sessions", "--address", f"127.0.0.1:1,{gateway}").splitlines()
    assert head.startswith("worker")
    assert "attached" in row
    (found,) = json.loads(run("sessions", "-a", gateway, "--json"))["sessions"]
    assert found["session"]["session_id"] in row


def test_what_fails_is_said_in_a_line(gateway: str) -> None:
    for arguments, text in (
        (["drain", "worker-9", "-a", gateway], "no worker is called 'worker-9'"),
        (["status", "-a", "127.0.0.1:1"], "ServerUnavailableError"),
        (["status"], "requires a server"),
    ):
        result = CliRunner().invoke(app, ["cluster", *arguments])
        assert result.exit_code == 1
        assert text in result.stderr
        assert "Traceback" not in result.output


def test_a_single_worker_is_no_cluster() -> None:
    with fake_worker() as worker:
        result = CliRunner().invoke(app, ["cluster", "status", "-a", worker.address])
    assert result.exit_code == 1
    assert "single worker" in result.stderr


def test_a_supervised_cluster_says_more(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = cluster_pb2.StatusReply(
        supervised=True,
        desired=2,
        min_workers=1,
        max_workers=3,
        spares=1,
        replaced=4,
        failed_starts=6,
        circuit_open=True,
        reason="worker-3 did not answer for 4.0 s",
    )
    for state in ("ready", "ready", "starting"):
        reply.workers.add(worker=f"worker-{len(reply.workers)}", state=state)
    monkeypatch.setattr("telegrad.transport.cluster.ClusterChannel.status", lambda _: reply)
    said = run("status", "-a", "host:1")
    assert "2 ready, 1 starting" in said
    assert "2 of 1 to 3, 1 spare" in said
    assert "6 in a row, tried now and then" in said
    assert "did not answer for 4.0 s" in said


def test_a_drained_worker_ends(gateway: str) -> None:
    workers = json.loads(run("status", "-a", gateway, "--json"))["workers"]
    (idle,) = [w["worker"] for w in workers if not w["pulse"]["sessions"]]
    assert "hands over 0 sessions" in run("drain", idle, "-a", gateway)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1536, "1.5 KiB"), (5 * 2**30, "5 GiB"), (3 * 2**40, "3 TiB")]
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert _size(count) == text
