"""One shard: rows read and computed batch by batch, results in their place, an entry in the ledger."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from telegrad_engine.program import Program
from telegrad_proto.codec import decode_spec
from telegrad_proto.errors import DataError, TelegradError
from telegrad_proto.jobs import SUMMED
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import job_pb2
from telegrad_server.failpoints import reach
from telegrad_server.jobs import files
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.parts import Table, new_part, suffix
from telegrad_server.jobs.planning import wanted
from telegrad_server.jobs.rows import Rows, usable
from telegrad_server.jobs.sources import Batch, source_of
from telegrad_server.jobs.totals import Totals

_LOOK_S: Final = 1.0


class Halted(Exception):  # no error: somebody asked for it
    """The job is to stop: the shard is left undone."""


class ShardRunner:
    """Computes shards of one job.

    Args:
        folder: the job's.
        roots: where jobs may read and write.
        device: where to compute.
        clock: seconds, for how long things take.
    """

    def __init__(
        self,
        folder: JobFolder,
        roots: Roots,
        *,
        device: str = "cpu",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._roots = roots
        self._clock = clock
        self._spec = folder.spec()
        self._program = Program.from_bytes(folder.program(), device=device)
        self._wanted = wanted(self._spec, self._program)
        self._columns = list(dict.fromkeys(c for one in self._wanted for c in one.columns))
        self._parameters = {
            one.input: _array(one, folder.parameter(number))
            for number, one in enumerate(self._spec.parameters)
        }
        self._wrt = tuple(one.input for one in self._spec.parameters if one.differentiated)
        manifest = folder.manifest()
        assert manifest is not None  # shards are handed out by number after they are planned
        self._manifest = manifest
        self._done = {entry.shard: entry for entry in folder.ledger()}
        self._looked = 0.0

    def run(self, number: int) -> job_pb2.LedgerEntry:
        """Computes the shard, unless the ledger has it; its entry.

        Raises:
            DataError: a row cannot be used and the job is to fail of it, or the file cannot be read.
            TelegradError: the program fails on these rows; the text names them.
            Halted: the job was stopped meanwhile.
        """
        if number in self._done:
            return self._done[number]
        reach("shard")
        # A job that failed is left a little later: a shard that is begun may show an earlier bad row.
        if self._folder.cancelled:
            raise Halted
        started = self._clock()
        shard = self._manifest.shards[number]
        file = self._manifest.files[shard.file]
        files.check_unchanged(file)
        entry = job_pb2.LedgerEntry(shard=number)
        collected: list[str] = []
        entry.result_digest = self._compute(shard, self._read(shard, file, entry, collected))
        if collected:
            errors = "".join(collected).encode()
            files.write(output_file(self._folder, self._spec, "errors", number, ".jsonl"), errors)
        entry.seconds = self._clock() - started
        entry.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._folder.record(entry)
        self._done[number] = entry
        return entry

    def _read(
        self, shard: job_pb2.Shard, file: job_pb2.DataFile, entry: job_pb2.LedgerEntry, collected: list[str]
    ) -> Iterator[Rows]:
        """The shard's usable rows, a batch at a time; what is not usable is dealt with."""
        self._roots.check(file.url)
        with files.opened(file.url) as stream:
            for batch in self._batches(stream, shard, file, entry, collected):
                self._look()
                rows = usable(batch, self._wanted)
                if rows.bad:
                    self._deal_with(file.url, rows.bad, collected)
                entry.rows += len(rows.numbers)
                entry.bad_rows += len(rows.bad)
                if len(rows.numbers):
                    yield rows
        if entry.rows + entry.bad_rows != shard.rows:
            raise DataError(
                f"{file.url}: requires {shard.rows} rows from row {shard.first_row}, "
                f"got {entry.rows + entry.bad_rows}",
                path=file.url,
            )

    def _batches(
        self,
        stream: BinaryIO,
        shard: job_pb2.Shard,
        file: job_pb2.DataFile,
        entry: job_pb2.LedgerEntry,
        collected: list[str],
    ) -> Iterator[Batch]:
        """What the source reads; of a file that lacks a column every row is bad."""
        source = source_of(file.url)
        try:
            yield from source.read(stream, file.url, shard, self._columns, self._spec.batch_rows)
        except DataError as error:
            if "column" not in error.details or self._spec.on_error == job_pb2.ON_ERROR_FAIL:
                raise
            if self._spec.on_error == job_pb2.ON_ERROR_COLLECT:  # otherwise nobody asks for them by name
                reason = str(error).removeprefix(f"{file.url}: row 0: ")
                rows = range(shard.first_row, shard.first_row + shard.rows)
                self._deal_with(file.url, dict.fromkeys(rows, reason), collected)
            entry.bad_rows += shard.rows

    def _deal_with(self, url: str, bad: Mapping[int, str], collected: list[str]) -> None:
        if self._spec.on_error == job_pb2.ON_ERROR_FAIL:
            row, reason = next(iter(bad.items()))
            raise DataError(f"{url}: row {row}: {reason}", path=url, row=row)
        if self._spec.on_error == job_pb2.ON_ERROR_COLLECT:
            collected += [
                json.dumps({"file": url, "row": row, "reason": reason}) + "\n" for row, reason in bad.items()
            ]

    def _compute(self, shard: job_pb2.Shard, batches: Iterator[Rows]) -> bytes:
        if self._spec.mode in SUMMED:
            totals = Totals()
            for rows in batches:
                count = len(rows.numbers)
                weight = float(count) if self._spec.mode == job_pb2.JOB_MODE_MEAN else 1.0
                totals.add(self._call(rows, shard), count, weight)
            raw = totals.to_bytes()
            files.write(self._folder.at("parts", f"{shard.number:08d}.npz"), raw)
            return digest_of(raw)
        each = self._per_sample if self._spec.mode == job_pb2.JOB_MODE_PER_SAMPLE else self._per_batch
        with new_part(self._spec.format) as part:
            for rows in batches:
                part.add(each(rows, shard))
            return part.finish(part_file(self._folder, self._spec, shard.number))

    def _per_batch(self, rows: Rows, shard: job_pb2.Shard) -> Table:
        found = {name: array[None] for name, array in self._call(rows, shard).items()}
        count = np.array([len(rows.numbers)], np.int64)
        return {**self._file_column(shard, 1), "first_row": rows.numbers[:1], "rows": count, **found}

    def _per_sample(self, rows: Rows, shard: job_pb2.Shard) -> Table:
        found = self._call(rows, shard)
        return {**self._file_column(shard, len(rows.numbers)), "row": rows.numbers, **found}

    def _file_column(self, shard: job_pb2.Shard, rows: int) -> Table:
        """Which of the files that the job's manifest.json lists."""
        return {"file": np.full(rows, shard.file, np.int32)}

    def _call(self, rows: Rows, shard: job_pb2.Shard) -> dict[str, npt.NDArray[Any]]:
        """The program on these rows: its outputs and gradients, by name."""
        if self._spec.mode == job_pb2.JOB_MODE_PER_SAMPLE:
            mode = "per_sample"
        else:
            mode = "value_and_grad" if self._wrt else "value"
        try:
            answer = self._program.call(mode, {**self._parameters, **rows.inputs}, wrt=self._wrt)
        except TelegradError as error:
            first, last = int(rows.numbers[0]), int(rows.numbers[-1])
            where = f"{self._manifest.files[shard.file].url}: rows {first} to {last}"
            raise type(error)(f"{where}: {error}", **error.details) from error
        return {
            **self._outputs(answer.outputs),
            **{f"grad.{n}": g for n, g in zip(self._wrt, answer.gradients, strict=True)},
        }

    def _outputs(self, outputs: tuple[npt.NDArray[Any], ...]) -> dict[str, npt.NDArray[Any]]:
        """The outputs by name. Of a batch only those that have one value a batch."""
        if self._spec.mode != job_pb2.JOB_MODE_PER_SAMPLE:
            described = self._program.blueprint.outputs
            outputs = tuple(o for o, told in zip(outputs, described, strict=True) if not told.batched)
        if len(outputs) == 1:
            return {"value": outputs[0]}
        return {f"value.{place}": array for place, array in enumerate(outputs)}

    def _look(self) -> None:
        """Sees now and then whether the job is to stop."""
        now = self._clock()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            if self._folder.halted:
                raise Halted


def _array(parameter: job_pb2.ParameterInput, raw: bytes) -> npt.NDArray[Any]:
    spec = decode_spec(parameter.spec)
    return np.frombuffer(raw, np.dtype(spec.dtype.typestr)).reshape(spec.shape)


def output_folder(folder: JobFolder, spec: job_pb2.JobSpec) -> str:
    """Where the job's results go."""
    return spec.output or folder.at("output")


def output_file(folder: JobFolder, spec: job_pb2.JobSpec, kind: str, shard: int, ending: str) -> str:
    """The place of a shard's file among the results."""
    return files.join(output_folder(folder, spec), f"{kind}-{shard:05d}{ending}")


def part_file(folder: JobFolder, spec: job_pb2.JobSpec, shard: int) -> str:
    """The place of a shard's table."""
    return output_file(folder, spec, "part", shard, suffix(spec.format))


def tidy(folder: JobFolder) -> None:
    """Removes the sums of shards, once the result is there."""
    for name in files.names(folder.at("parts")):
        with suppress(OSError):
            files.remove(folder.at("parts", name))
