"""The queue's actor without Ray: what it takes up, what it starts, what it writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from telegrad_proto.jobs import new_job_id
from telegrad_proto.v1 import job_pb2
from telegrad_server.core.jobs import GiveUp
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.manager import JobManager
from telegrad_server.jobs.settings import JobSettings


class _Manager(JobManager):
    """Notes what would be driven, and waits for the test to say that it ended."""

    def __init__(self, settings: JobSettings) -> None:
        super().__init__(settings)
        self.driven: list[str] = []

    async def _drive(self, job_id: str, delay_s: float) -> None:
        self.driven.append(job_id)


def _job(tmp_path: Path, state: job_pb2.JobState, second: int = 0) -> str:
    job_id = f"20260101T0000{second:02d}" + new_job_id()[15:]
    JobFolder(str(tmp_path), job_id).tell(job_pb2.JobStatus(id=job_id, state=state))
    return job_id


def _run(tmp_path: Path, scene: Callable[[_Manager], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        manager = _Manager(JobSettings(str(tmp_path)))
        await scene(manager)
        await asyncio.gather(*manager._tasks)

    asyncio.run(play())


def test_what_is_not_at_its_end_is_taken_up_the_oldest_first(tmp_path: Path) -> None:
    _job(tmp_path, job_pb2.JOB_STATE_FINISHED, 1)
    running = _job(tmp_path, job_pb2.JOB_STATE_RUNNING, 2)
    queued = _job(tmp_path, job_pb2.JOB_STATE_QUEUED, 3)

    async def scene(manager: _Manager) -> None:
        await manager.recover()  # it began by itself
        assert await manager.positions() == {queued: 1}
        await asyncio.gather(*manager._tasks)
        assert manager.driven == [running]
        assert manager._restarts == {running: 1, queued: 0}

    _run(tmp_path, scene)


def test_a_waiting_job_that_is_cancelled_is_at_its_end(tmp_path: Path) -> None:
    first, second = (_job(tmp_path, job_pb2.JOB_STATE_QUEUED, n) for n in range(2))

    async def scene(manager: _Manager) -> None:
        await manager.submitted(first)
        await manager.submitted(second)
        await manager.cancelled(first)  # it is driven: its driver sees to that
        await manager.cancelled(second)
        assert await manager.positions() == {}

    _run(tmp_path, scene)
    states = [JobFolder(str(tmp_path), job).status() for job in (first, second)]
    assert [status.state for status in states if status is not None] == [
        job_pb2.JOB_STATE_QUEUED,
        job_pb2.JOB_STATE_CANCELLED,
    ]


def test_a_job_that_is_given_up_has_failed(tmp_path: Path) -> None:
    job_id = _job(tmp_path, job_pb2.JOB_STATE_RUNNING)

    async def scene(manager: _Manager) -> None:
        manager._ends[job_id] = ", the last time of OSError: no space"
        manager._carry_out([GiveUp(job_id, 6)])

    _run(tmp_path, scene)
    status = JobFolder(str(tmp_path), job_id).status()
    assert status is not None
    assert status.state == job_pb2.JOB_STATE_FAILED
    assert "ended 6 times before a shard was done, the last time of OSError: no space;" in status.error


@pytest.mark.parametrize("done", [0, 3])
def test_shards_that_are_done_are_counted(tmp_path: Path, done: int) -> None:
    job_id = _job(tmp_path, job_pb2.JOB_STATE_RUNNING)
    for shard in range(done):
        JobFolder(str(tmp_path), job_id).record(job_pb2.LedgerEntry(shard=shard))

    async def scene(manager: _Manager) -> None:
        assert manager._shards_done(job_id) == done

    _run(tmp_path, scene)
