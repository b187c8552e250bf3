"""The connection that jobs use: closed after use, to the first gateway that answers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from telegrad.transport.jobs import JobsChannel
from telegrad_proto.errors import JobError, ServerUnavailableError
from telegrad_proto.v1 import job_pb2
from tests.server.gateway.desks import desk_in, serving_jobs


def test_nothing_is_left_open(tmp_path: Path) -> None:
    desk, _ = desk_in(tmp_path)
    before = set(threading.enumerate())
    with serving_jobs(desk) as address:
        for _ in range(3):
            with JobsChannel(address, "a token of sixteen") as channel:
                assert list(channel.list().jobs) == []
    for thread in set(threading.enumerate()) - before:
        thread.join(30)  # gRPC's own end a moment after their channel
        assert not thread.is_alive(), thread


def test_every_gateway_is_tried(tmp_path: Path) -> None:
    desk, _ = desk_in(tmp_path)
    with serving_jobs(desk) as address:
        with JobsChannel(f"127.0.0.1:1, {address}", None) as channel:
            assert list(channel.list().jobs) == []
        with JobsChannel("127.0.0.1:1,127.0.0.1:2", None) as channel, pytest.raises(ServerUnavailableError):
            channel.submit(job_pb2.JobSpec(), b"", [])
        with JobsChannel("", None) as channel, pytest.raises(ServerUnavailableError, match="no gateway"):
            channel.list()


def test_a_server_without_jobs_is_told_from_one_that_is_away() -> None:
    with (
        serving_jobs(None) as address,
        JobsChannel(address, None) as channel,
        pytest.raises(JobError, match=address),
    ):
        next(iter(channel.watch("1")))
