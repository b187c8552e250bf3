"""A job's folder: what was asked for, what is planned, what is done. Whoever comes next goes on from here.

<jobs>/<id>/spec.pb program.pb parameters/<n>   as they were submitted
            manifest.pb                         the files and shards, planned once
            ledger/<shard>                      an entry a finished shard, written after its results
            parts/<shard>.*                     results of finished shards, where the output is one result
            status.pb result.npz                what the driver says; the result of a sum or a mean
            cancel                              the client wants it to stop
            at_work                             a process for its shards has started
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2

from telegrad_proto.errors import InternalError, JobNotFoundError, TelegradError
from telegrad_proto.jobs import is_job_id
from telegrad_proto.status import from_status, to_status
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import files

_M = TypeVar("_M", bound=Message)


class JobFolder:
    """One job's files.

    Args:
        jobs: the folder of all jobs, a path or URL.
        job_id: which one.

    Raises:
        JobNotFoundError: that is no job's id.
    """

    def __init__(self, jobs: str, job_id: str) -> None:
        if not is_job_id(job_id):
            raise JobNotFoundError(
                f"job {job_id[:80]!r}: requires an id that a submission answered", job=job_id[:80]
            )
        self.id = job_id
        self.url = files.join(jobs, job_id)

    def at(self, *names: str) -> str:
        """The place of a file of the job."""
        return files.join(self.url, *names)

    def submit(self, spec: job_pb2.JobSpec, program: bytes, parameters: list[bytes]) -> None:
        """Writes down what is asked for; the job is there once this has returned."""
        files.write(self.at("program.pb"), program)
        for number, raw in enumerate(parameters):
            files.write(self.at("parameters", str(number)), raw)
        files.write(self.at("spec.pb"), spec.SerializeToString())

    def spec(self) -> job_pb2.JobSpec:
        """What was asked for.

        Raises:
            JobNotFoundError: there is no such job.
        """
        found = self._message("spec.pb", job_pb2.JobSpec)
        if found is None:
            raise JobNotFoundError(f"job {self.id}: there is no such job here", job=self.id)
        return found

    def program(self) -> bytes:
        """The program's bytes."""
        return self._there("program.pb")

    def parameter(self, number: int) -> bytes:
        """The bytes of a parameter."""
        return self._there("parameters", str(number))

    def manifest(self) -> job_pb2.Manifest | None:
        """What is planned, if it is."""
        return self._message("manifest.pb", job_pb2.Manifest)

    def plan(self, manifest: job_pb2.Manifest) -> None:
        """Writes the plan down, before any of it is done."""
        files.write(self.at("manifest.pb"), manifest.SerializeToString())

    def record(self, entry: job_pb2.LedgerEntry) -> None:
        """Says that a shard is done; its results must be in their place."""
        files.write(self.at("ledger", f"{entry.shard:08d}"), entry.SerializeToString())

    def ledger(self) -> Iterator[job_pb2.LedgerEntry]:
        """The shards that are done, in order."""
        for name in files.names(self.at("ledger")):
            entry = self._message(f"ledger/{name}", job_pb2.LedgerEntry)
            if entry is not None:
                yield entry

    def status(self) -> job_pb2.JobStatus | None:
        """What the driver said last."""
        return self._message("status.pb", job_pb2.JobStatus)

    def tell(self, status: job_pb2.JobStatus) -> None:
        """Has `status` read by whoever asks."""
        files.write(self.at("status.pb"), status.SerializeToString())

    def cancel(self) -> None:
        """Asks the driver to stop."""
        files.write(self.at("cancel"), b"")

    @property
    def cancelled(self) -> bool:
        """Whether that was asked."""
        return files.read(self.at("cancel")) is not None

    def stop(self, error: TelegradError) -> None:
        """Has whoever works for the job leave it: it has failed, of this."""
        files.write(self.at("stop"), to_status(error).SerializeToString())

    def stopped(self) -> TelegradError | None:
        """What the job has failed of, as far as it was written down."""
        found = self._message("stop", status_pb2.Status)
        return None if found is None else from_status(found)

    def start_work(self) -> None:
        """Says that a process for shards has started."""
        files.write(self.at("at_work"), b"")

    def await_work(self) -> None:
        """Says that none has, as yet."""
        if self.at_work:
            files.remove(self.at("at_work"))

    @property
    def at_work(self) -> bool:
        """Whether a process for shards has started."""
        return files.read(self.at("at_work")) is not None

    @property
    def halted(self) -> bool:
        """Whether the job is to stop, for either reason."""
        return self.cancelled or files.read(self.at("stop")) is not None

    def _there(self, *names: str) -> bytes:
        raw = files.read(self.at(*names))
        if raw is None:
            raise JobNotFoundError(
                f"job {self.id}: {'/'.join(names)} is not in its folder any more", job=self.id
            )
        return raw

    def _message(self, name: str, kind: type[_M]) -> _M | None:
        raw = files.read(self.at(name))
        if raw is None:
            return None
        try:
            return kind.FromString(raw)
        except DecodeError as error:
            raise InternalError(f"job {self.id}: {name} is damaged: {error}") from error


def job_ids(jobs: str) -> list[str]:
    """The ids of all jobs, the newest first."""
    return sorted((name for name in files.names(jobs) if is_job_id(name)), reverse=True)
