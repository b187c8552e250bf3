"""From what was asked to what is to be done: the submission checked, the files found, the shards cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from telegrad_engine.program import Program
from telegrad_proto.codec import decode_spec
from telegrad_proto.errors import ArgumentError, DataError, LimitError, ShapeError
from telegrad_proto.payload import digest_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import files
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.rows import Wanted
from telegrad_server.jobs.sources import source_of

#: More would make the driver's own memory and the ledger's listing the cost of a job.
MAX_SHARDS: Final = 100_000

MAX_BATCH_ROWS: Final = 1 << 20
DEFAULT_BATCH_ROWS: Final = 1024
DEFAULT_SHARD_ROWS: Final = 1 << 18


def checked(spec: job_pb2.JobSpec, program: bytes, parameters: list[bytes], roots: Roots) -> job_pb2.JobSpec:
    """The submission with its defaults filled in.

    Raises:
        ArgumentError: inputs that the program does not have, or lacks; numbers out of range.
        ShapeError: a parameter of another shape or type than the program's.
        AccessError: data or output where jobs may not read and write.
        DataError: a path of an unknown format.
    """
    spec = _with_defaults(spec)
    if digest_of(program) != spec.program_digest:
        raise ArgumentError("program: the bytes are not those that the submission announced")
    parsed = Program.from_bytes(program)
    _check_inputs(spec, parsed)
    if spec.mode != job_pb2.JOB_MODE_PER_SAMPLE and all(one.batched for one in parsed.blueprint.outputs):
        raise ArgumentError(
            "mode: the program's outputs all have a row for every row of data: requires mode per_sample"
        )
    for parameter, raw in zip(spec.parameters, parameters, strict=True):
        if digest_of(raw) != parameter.digest or len(raw) != decode_spec(parameter.spec).nbytes:
            raise ArgumentError(
                f"parameter {parameter.input}: the bytes are not those that the submission announced"
            )
    if not spec.data:
        raise ArgumentError("data: requires at least one path, glob or URL")
    for place in (*spec.data, *([spec.output] if spec.output else [])):
        roots.check(place)
    return spec


def _with_defaults(given: job_pb2.JobSpec) -> job_pb2.JobSpec:
    spec = job_pb2.JobSpec()
    spec.CopyFrom(given)
    spec.batch_rows = spec.batch_rows or DEFAULT_BATCH_ROWS
    spec.shard_rows = spec.shard_rows or max(DEFAULT_SHARD_ROWS, spec.batch_rows)
    if spec.batch_rows > MAX_BATCH_ROWS:
        raise ArgumentError(f"batch_rows: requires at most {MAX_BATCH_ROWS}, got {spec.batch_rows}")
    if spec.shard_rows < spec.batch_rows:
        raise ArgumentError(
            f"shard_rows: requires at least a batch, {spec.batch_rows}, got {spec.shard_rows}"
        )
    if spec.mode not in job_pb2.JobMode.values() or spec.mode == job_pb2.JOB_MODE_UNSPECIFIED:
        raise ArgumentError("mode: requires sum, mean, per_batch or per_sample")
    return spec


def _check_inputs(spec: job_pb2.JobSpec, program: Program) -> None:
    there = {one.name: one for one in program.inputs}
    from_rows = [one.input for one in spec.inputs]
    given = [one.input for one in spec.parameters]
    for name in (*from_rows, *given):
        if name not in there:
            raise ArgumentError(f"the program has no input {name!r}; it has {', '.join(there)}")
    if len({*from_rows, *given}) != len(from_rows) + len(given):
        raise ArgumentError("an input is given twice: requires each once, from columns or as a parameter")
    for name, one in there.items():
        if one.batched and name not in from_rows:
            raise ArgumentError(f"inputs: {name!r} has a batch axis: requires columns that fill it")
        if not one.batched and name not in given:
            raise ArgumentError(f"params: {name!r} is the same for all rows: requires a value")
    for column in spec.inputs:
        shape = there[column.input].spec.shape[1:]
        if not column.columns or (len(column.columns) > 1 and not column.stacked):
            raise ArgumentError(f"inputs: {column.input!r}: requires a column, or a list of them")
        if column.stacked and (not shape or shape[-1] != len(column.columns)):
            raise ShapeError(
                f"inputs: {column.input!r}: requires rows of shape {shape}, got {len(column.columns)} columns"
            )
    for parameter in spec.parameters:
        got, wants = decode_spec(parameter.spec), there[parameter.input].spec
        if got is not wants:
            raise ShapeError(f"params: {parameter.input!r}: requires {_told(wants)}, got {_told(got)}")


def _told(spec: Spec) -> str:
    return f"{spec.dtype.name} of shape {spec.shape}"


def wanted(spec: job_pb2.JobSpec, program: Program) -> list[Wanted]:
    """What the rows are to become."""
    there = {one.name: one.spec for one in program.inputs}
    return [
        Wanted(
            one.input,
            tuple(one.columns),
            one.stacked,
            there[one.input].shape[1:],
            np.dtype(there[one.input].dtype.typestr),
        )
        for one in spec.inputs
    ]


def plan(spec: job_pb2.JobSpec, roots: Roots) -> job_pb2.Manifest:
    """The files, and the shards in which their rows are done. The same files give the same shards.

    Raises:
        DataError: a file is missing, of an unknown format, or not what its name says.
        LimitError: there would be too many shards.
    """
    manifest = job_pb2.Manifest(files=files.expand(spec.data, roots))
    for shard in _shards(manifest, spec.shard_rows):
        shard.number = len(manifest.shards)
        if shard.number == MAX_SHARDS:
            raise LimitError(
                f"data: more than {MAX_SHARDS} shards of {spec.shard_rows} rows: raise shard_rows"
            )
        manifest.shards.append(shard)
        manifest.rows += shard.rows
    if not manifest.rows:
        raise DataError(f"data: no rows in {len(manifest.files)} files, the first is {manifest.files[0].url}")
    return manifest


def _shards(manifest: job_pb2.Manifest, shard_rows: int) -> Iterator[job_pb2.Shard]:
    for number, described in enumerate(manifest.files):
        source = source_of(described.url)
        with files.opened(described.url) as file:
            for shard in source.split(file, described.url, shard_rows):
                if shard.rows:
                    shard.file = number
                    yield shard
