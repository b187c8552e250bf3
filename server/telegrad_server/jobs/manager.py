"""The actor that has jobs driven: it knows the queue, starts a driver a job, and another when one dies.

Its memory is the jobs' folder. Started again by Ray it finds there what is not at its end, and has it go on.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import ray
from ray.exceptions import RayError

from telegrad_proto.jobs import has_ended
from telegrad_proto.v1 import job_pb2
from telegrad_server.core.jobs import Command, GiveUp, JobQueue
from telegrad_server.jobs.driver import Driver
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder, job_ids
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.jobs.spread import on_ray

_log = logging.getLogger("telegrad.server")

MANAGER: Final = "telegrad-jobs"

#: Between two tries to read the folder of jobs.
_PAUSE_S: Final = 1.0


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


class DriverActor:
    """Drives one job, in a process of its own."""

    def __init__(self) -> None:
        _log_to_stderr()

    def drive(self, settings: JobSettings, job_id: str, restarts: int) -> None:
        """Returns when the job is at its end."""
        kind = "GPU" if settings.device.startswith("cuda") else "CPU"
        most = settings.most or max(1, int(ray.cluster_resources().get(kind, 1)))
        execute = on_ray(settings.jobs, job_id, settings.roots, device=settings.device, most=most)
        Driver(JobFolder(settings.jobs, job_id), Roots(settings.roots), execute, restarts=restarts).drive()


class JobManager:
    """The queue as an actor. Its methods run on one event loop."""

    def __init__(self, settings: JobSettings) -> None:
        _log_to_stderr()
        self._settings = settings
        self._queue = JobQueue(settings.at_once)
        self._restarts: dict[str, int] = {}
        self._ends: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # At once, whoever asks or not: Ray may have started this anew with nobody looking.
        self._recovery = asyncio.get_running_loop().create_task(self._recover())

    async def settings(self) -> JobSettings:
        """How it has jobs done."""
        await self.recover()
        return self._settings

    async def recover(self) -> None:
        """Returns when what an earlier manager left is taken up."""
        await self._recovery

    async def _recover(self) -> None:
        while True:
            try:
                await self._take_up()
                return
            except OSError:
                _log.warning("the folder of jobs cannot be read", exc_info=True)
                await asyncio.sleep(_PAUSE_S)

    async def _take_up(self) -> None:
        for job_id in reversed(await asyncio.to_thread(job_ids, self._settings.jobs)):
            status = await asyncio.to_thread(JobFolder(self._settings.jobs, job_id).status)
            if status is not None and not has_ended(status):
                self._restarts[job_id] = status.restarts + (status.state != job_pb2.JOB_STATE_QUEUED)
                self._carry_out(self._queue.submitted(job_id))

    async def submitted(self, job_id: str) -> None:
        """A job is in its folder."""
        await self.recover()
        self._carry_out(self._queue.submitted(job_id))

    async def positions(self) -> dict[str, int]:
        """The jobs that wait, with how many come before each, itself counted."""
        await self.recover()
        return self._queue.positions

    async def cancelled(self, job_id: str) -> None:
        """The job's folder says that it is to stop. One that only waits is at its end with that."""
        if self._queue.position(job_id):
            await asyncio.to_thread(self._write_end, job_id, job_pb2.JOB_STATE_CANCELLED, "")
            self._carry_out(self._queue.ended(job_id))

    def _carry_out(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, GiveUp):
                text = (
                    f"its driver ended {command.deaths} times before a shard was done"
                    f"{self._ends.get(command.job_id, '')}; see the server's log"
                )
                work = asyncio.to_thread(self._write_end, command.job_id, job_pb2.JOB_STATE_FAILED, text)
            else:
                work = self._drive(command.job_id, command.delay_s)
            task = asyncio.ensure_future(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _drive(self, job_id: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        driver: Any = ray.remote(DriverActor).options(num_cpus=0, max_restarts=0).remote()
        try:
            await driver.drive.remote(self._settings, job_id, self._restarts.get(job_id, 0))
        except RayError as error:
            reason = str(error).strip().splitlines()[-1]
            _log.warning("the driver of job %s is gone: %s", job_id, reason)
            self._ends[job_id] = f", the last time of {reason}"
            self._restarts[job_id] = self._restarts.get(job_id, 0) + 1
            done = await asyncio.to_thread(self._shards_done, job_id)
            self._carry_out(self._queue.died(job_id, done))
        else:
            self._carry_out(self._queue.ended(job_id))
        finally:
            ray.kill(driver)

    def _shards_done(self, job_id: str) -> int:
        return sum(1 for _ in JobFolder(self._settings.jobs, job_id).ledger())

    def _write_end(self, job_id: str, state: job_pb2.JobState, error: str) -> None:
        folder = JobFolder(self._settings.jobs, job_id)
        status = folder.status() or job_pb2.JobStatus(id=job_id)
        status.state, status.error, status.ended_s = state, error, time.time()
        folder.tell(status)


def start_manager(settings: JobSettings, *, namespace: str, owned: bool) -> Any:
    """The manager's actor, made or found by its name.

    Args:
        settings: of a new one.
        namespace: Ray's.
        owned: whether it ends with this process; otherwise other gateways use it too.
    """
    manager: Any = (
        ray.remote(JobManager)
        .options(
            name=MANAGER,
            namespace=namespace,
            get_if_exists=True,
            lifetime=None if owned else "detached",
            num_cpus=0,
            max_restarts=-1,
            max_task_retries=0,
        )
        .remote(settings)
    )
    return manager
