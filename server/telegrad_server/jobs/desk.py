"""What a gateway does for clients with jobs: takes them in, tells how they are, has them stopped.

Everything but the queue is read from the jobs' folder, so any gateway can answer about any job.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from telegrad_proto.errors import ArgumentError, JobError, JobNotFoundError, ServerUnavailableError
from telegrad_proto.jobs import SUMMED, has_ended, state_word
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import files
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder, job_ids
from telegrad_server.jobs.planning import checked
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.jobs.shards import output_folder
from telegrad_server.jobs.sources import source_of

#: The manager may be about to start, or to start again, on a machine that is busy.
_ASK_S: Final = 35.0

#: A list is for looking at.
_MAX_LISTED: Final = 200


class JobDesk:
    """The desk. Every method blocks, and may be called from several threads.

    Args:
        settings: how jobs are done.
        manager: the queue's actor.
        ask: returns what a call of the actor answers, waiting so many seconds at most.
    """

    def __init__(self, settings: JobSettings, manager: Any, ask: Callable[[Any, float], Any]) -> None:
        self._settings = settings
        self._manager = manager
        self._ask = ask
        self._roots = Roots(settings.roots)

    def submit(self, spec: job_pb2.JobSpec, program: bytes, parameters: list[bytes]) -> job_pb2.JobStatus:
        """Takes a job in; its first status.

        Raises:
            TelegradError: what is asked for cannot be; nothing was taken in.
            ServerUnavailableError: the manager did not answer; the job may be taken in all the same. The
                same submission again has it run, once.
        """
        spec = checked(spec, program, parameters, self._roots)
        folder = JobFolder(self._settings.jobs, spec.id)
        status = folder.status()
        if status is not None:
            if folder.spec() != spec:
                raise ArgumentError(f"job {spec.id}: there is another job of this id", job=spec.id)
            if not has_ended(status):
                # It came twice. The first time the manager perhaps did not hear of it.
                self._tell_manager(self._manager.submitted.remote(spec.id))
            return self.status(spec.id)
        for file in files.expand(spec.data, self._roots):
            source_of(file.url)
        folder.submit(spec, program, parameters)
        folder.tell(
            job_pb2.JobStatus(
                id=folder.id,
                name=spec.name,
                state=job_pb2.JOB_STATE_QUEUED,
                submitted_s=time.time(),
                output=output_folder(folder, spec),
                mode=spec.mode,
                format=spec.format,
            )
        )
        self._tell_manager(self._manager.submitted.remote(folder.id))
        return self.status(folder.id)

    def status(self, job_id: str) -> job_pb2.JobStatus:
        """How the job is.

        Raises:
            JobNotFoundError: there is no such job.
        """
        status = JobFolder(self._settings.jobs, job_id).status()
        if status is None:
            raise JobNotFoundError(f"job {job_id}: there is no such job here", job=job_id)
        if status.state == job_pb2.JOB_STATE_QUEUED:
            status.queue_position = self._positions().get(job_id, 0)
        return status

    def list(self) -> job_pb2.JobList:
        """The jobs, the newest first."""
        found = job_pb2.JobList()
        positions = self._positions()
        for job_id in job_ids(self._settings.jobs)[:_MAX_LISTED]:
            status = JobFolder(self._settings.jobs, job_id).status()
            if status is not None:
                status.queue_position = positions.get(job_id, 0)
                found.jobs.append(status)
        return found

    def cancel(self, job_id: str) -> job_pb2.JobStatus:
        """Has the job stopped; one that is at its end stays as it is."""
        if not has_ended(self.status(job_id)):
            JobFolder(self._settings.jobs, job_id).cancel()
            self._tell_manager(self._manager.cancelled.remote(job_id))
        return self.status(job_id)

    def result(self, job_id: str) -> bytes:
        """An archive of arrays: what manifest.json says as bytes, and the result of a sum or a mean.

        Raises:
            JobError: the job is not finished.
        """
        status = self.status(job_id)
        if status.state != job_pb2.JOB_STATE_FINISHED:
            found = f"this one is {state_word(status.state)}" + _why(status)
            raise JobError(f"job {job_id}: requires a finished job, {found}", job=job_id)
        folder = JobFolder(self._settings.jobs, job_id)
        described = self._there(files.join(output_folder(folder, folder.spec()), "manifest.json"), job_id)
        arrays: dict[str, Any] = {}
        if status.mode in SUMMED:
            with np.load(
                io.BytesIO(self._there(folder.at("result.npz"), job_id)), allow_pickle=False
            ) as found:
                arrays = {name: found[name] for name in found.files}
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, manifest=np.frombuffer(described, np.uint8), **arrays)
        return packed.getvalue()

    @staticmethod
    def _there(place: str, job_id: str) -> bytes:
        raw = files.read(place)
        if raw is None:
            raise JobNotFoundError(f"job {job_id}: its result is not at {place} any more", job=job_id)
        return raw

    def _positions(self) -> dict[str, int]:
        found: dict[str, int] = self._tell_manager(self._manager.positions.remote())
        return found

    def _tell_manager(self, call: Any) -> Any:
        try:
            return self._ask(call, _ASK_S)
        except Exception as error:
            raise ServerUnavailableError(
                f"the jobs' manager does not answer: {type(error).__name__}"
            ) from error


def _why(status: job_pb2.JobStatus) -> str:
    return f": {status.error}" if status.error else ""
