"""A job from its folder to its end: planned, computed, added up. Knows no Ray: who computes is handed in.

Killed at any point and begun again, it does what the ledger lacks; what it writes it writes again the same.
"""

from __future__ import annotations

import errno
import io
import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telegrad_proto.errors import DataError, InternalError, TelegradError
from telegrad_proto.jobs import SUMMED, has_ended, mode_word
from telegrad_proto.v1 import job_pb2
from telegrad_server.core.jobs import Tally
from telegrad_server.jobs import files
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.parts import new_part, suffix
from telegrad_server.jobs.planning import plan
from telegrad_server.jobs.shards import output_folder, part_file, tidy
from telegrad_server.jobs.totals import Totals

_TELL_S: Final = 0.3

#: What time does not mend.
_LASTING: Final = (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError)


@dataclass(frozen=True, slots=True)
class Done:
    """A shard is in the ledger."""

    entry: job_pb2.LedgerEntry


@dataclass(frozen=True, slots=True)
class Failed:
    """A shard cannot be done: the job has failed."""

    shard: int
    error: TelegradError


@dataclass(frozen=True, slots=True)
class Nothing:
    """Time went on; or a shard was left because the job is to stop.

    Attributes:
        waiting: what no work can begin without, where that is lacking.
    """

    waiting: str = ""


Event = Done | Failed | Nothing

#: Computes shards by number, in any order, each perhaps more than once, until all are done or left.
Execute = Callable[[Sequence[int]], Iterator[Event]]


class Driver:
    """Brings one job to its end.

    Args:
        folder: the job's.
        roots: where jobs may read.
        execute: who computes the shards.
        clock: seconds since 1970.
        restarts: how often this job was begun before.
    """

    def __init__(
        self,
        folder: JobFolder,
        roots: Roots,
        execute: Execute,
        *,
        clock: Callable[[], float] = time.time,
        restarts: int = 0,
    ) -> None:
        self._folder = folder
        self._roots = roots
        self._execute = execute
        self._clock = clock
        self._spec = folder.spec()
        self._status = folder.status() or job_pb2.JobStatus(id=folder.id)
        self._status.restarts = max(restarts, self._status.restarts)
        self._told = 0.0

    def drive(self) -> job_pb2.JobStatus:
        """The status at the end. Errors of the job are in it; only what may pass is raised.

        Raises:
            OSError: a store did not answer: begin again.
        """
        if has_ended(self._status):
            return self._status
        try:
            manifest = self._planned()
            tally = self._tally(manifest)
            error = self._run(tally)
            if self._folder.cancelled and not tally.complete:
                return self._end(job_pb2.JOB_STATE_CANCELLED)
            if error is not None:
                return self._fail(error)
            if not tally.complete:
                raise OSError(f"{len(tally.done)} of {tally.shards_total} shards are done, and nobody works")
            self._add_up(manifest)
        except TelegradError as error:
            return self._fail(error)
        status = self._end(job_pb2.JOB_STATE_FINISHED)
        tidy(self._folder)
        return status

    def _planned(self) -> job_pb2.Manifest:
        status = self._status
        status.started_s = status.started_s or self._clock()
        manifest = self._folder.manifest()
        if manifest is None:
            status.state = job_pb2.JOB_STATE_PLANNING
            self._tell(at_once=True)
            manifest = plan(self._spec, self._roots)
            self._try_output()
            self._folder.plan(manifest)
        else:
            for file in manifest.files:
                files.check_unchanged(file)
        return manifest

    def _try_output(self) -> None:
        """Writes to where the results go, before anything is computed.

        Raises:
            DataError: nothing can stand there.
            OSError: it cannot be reached now.
        """
        place = output_folder(self._folder, self._spec)
        probe = files.join(place, f".{self._folder.id}")
        try:
            files.write(probe, b"")
            files.remove(probe)
        except OSError as error:
            if not isinstance(error, _LASTING) and error.errno != errno.EROFS:
                raise
            raise DataError(f"output: {place}: {error.strerror or error}", path=place) from error

    def _tally(self, manifest: job_pb2.Manifest) -> Tally:
        tally = Tally(len(manifest.shards), manifest.rows)
        for entry in self._folder.ledger():
            tally.finished(entry.shard, entry.rows, entry.bad_rows, entry.peak_bytes)
        self._status.state = job_pb2.JOB_STATE_RUNNING
        self._note(tally)
        self._tell(at_once=True)
        return tally

    def _run(self, tally: Tally) -> TelegradError | None:
        """Has the shards computed that are not; the error that the job fails of, if any."""
        lacking = tally.lacking(range(tally.shards_total))
        error = self._folder.stopped()
        failed_shard = tally.shards_total
        halted = self._folder.halted
        if lacking and not halted:
            for event in self._execute(lacking):
                if isinstance(event, Done):
                    entry = event.entry
                    tally.finished(entry.shard, entry.rows, entry.bad_rows, entry.peak_bytes)
                elif isinstance(event, Failed):
                    if error is None:
                        self._folder.stop(event.error)
                    if event.shard < failed_shard:
                        error, failed_shard = event.error, event.shard
                self._status.waiting = event.waiting if isinstance(event, Nothing) else ""
                self._note(tally)
                self._tell()
                if self._status.waiting and self._folder.halted:
                    break  # there is nobody else who would leave it
        return error

    def _add_up(self, manifest: job_pb2.Manifest) -> None:
        """Writes the result and says what it is made of."""
        place = output_folder(self._folder, self._spec)
        entries = {entry.shard: entry for entry in self._folder.ledger()}
        if not any(entry.rows for entry in entries.values()):
            raise DataError(
                f"data: none of {manifest.rows} rows can be used, as of {manifest.files[0].url}; "
                'on_error="fail" says what is wrong with the first'
            )
        described: dict[str, Any] = {
            "job": self._folder.id,
            "name": self._spec.name,
            "mode": mode_word(self._spec.mode),
            "program": self._spec.program_digest.hex(),
            "files": [file.url for file in manifest.files],
            "rows": sum(entry.rows for entry in entries.values()),
            "bad_rows": sum(entry.bad_rows for entry in entries.values()),
            "batch_rows": self._spec.batch_rows,
            "shards": [
                {
                    "shard": shard.number,
                    "file": shard.file,
                    "first_row": shard.first_row,
                    "rows": entries[shard.number].rows,
                    "bad_rows": entries[shard.number].bad_rows,
                    "digest": entries[shard.number].result_digest.hex(),
                }
                for shard in manifest.shards
            ],
        }
        if self._spec.mode in SUMMED:
            described["result"] = self._sum(manifest, place)
        else:
            described["parts"] = [
                part_file(self._folder, self._spec, shard.number).rpartition("/")[2]
                for shard in manifest.shards
            ]
        raw = json.dumps(described, indent=1).encode()
        files.write(files.join(place, "manifest.json"), raw)

    def _sum(self, manifest: job_pb2.Manifest, place: str) -> str:
        totals = Totals()
        for shard in manifest.shards:
            raw = files.read(self._folder.at("parts", f"{shard.number:08d}.npz"))
            if raw is None:
                raise InternalError(f"job {self._folder.id}: the sums of shard {shard.number} are gone")
            totals.merge(Totals.from_bytes(raw))
        mean = self._spec.mode == job_pb2.JOB_MODE_MEAN
        found = totals.result(float(max(totals.rows, 1)) if mean else 1.0)
        found["rows"] = np.array(totals.rows)
        archive = io.BytesIO()
        np.savez(archive, allow_pickle=False, **found)
        files.write(self._folder.at("result.npz"), archive.getvalue())
        name = "result" + suffix(self._spec.format)
        if self._spec.format == job_pb2.RESULT_FORMAT_NPZ:
            files.write(files.join(place, name), archive.getvalue())
            return name
        with new_part(self._spec.format) as part:
            part.add({column: array[None] for column, array in found.items()})
            part.finish(files.join(place, name))
        return name

    def _note(self, tally: Tally) -> None:
        status = self._status
        status.shards_done, status.shards_total = len(tally.done), tally.shards_total
        status.rows_done, status.rows_total = tally.rows_done, tally.rows_total
        status.bad_rows = tally.bad_rows
        status.rows_per_s = tally.rate(self._clock())
        status.peak_worker_bytes = max(status.peak_worker_bytes, tally.peak_worker_bytes)

    def _fail(self, error: TelegradError) -> job_pb2.JobStatus:
        self._status.error, self._status.error_reason = str(error), error.reason
        return self._end(job_pb2.JOB_STATE_FAILED)

    def _end(self, state: job_pb2.JobState) -> job_pb2.JobStatus:
        self._status.state, self._status.waiting = state, ""
        self._status.ended_s = self._clock()
        self._tell(at_once=True)
        return self._status

    def _tell(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if at_once or now - self._told >= _TELL_S:
            self._told = self._status.updated_s = now
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            self._status.peak_driver_bytes = max(self._status.peak_driver_bytes, own)
            self._folder.tell(self._status)
