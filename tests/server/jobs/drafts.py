"""Small jobs for tests: data on disk, a program, a folder, and a pool that is a loop."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from telegrad.wire.convert import spec_of
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import TelegradError
from telegrad_proto.jobs import new_job_id
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.driver import Done, Event, Failed, Nothing
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.planning import checked
from telegrad_server.jobs.shards import Halted, ShardRunner
from tests.program_drafts import mean_of_sines

COLUMNS = ("c0", "c1", "c2", "c3")
PROGRAM = mean_of_sines().raw()
W = np.array([0.5, -1.25, 2.0, 0.75])


def rows(count: int, seed: int = 0) -> np.ndarray:
    """So many rows of four numbers."""
    print("seed", seed)
    return np.random.default_rng(seed).standard_normal((count, len(COLUMNS)))


def write_rows(path: Path, x: np.ndarray) -> Path:
    """The rows as a file of the format that the path's name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = dict(zip(COLUMNS, x.T, strict=True))
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path, row_group_size=37)
    elif path.suffix == ".npz":
        np.savez(path, **columns)
    elif path.suffix == ".npy":
        np.save(path, x)
    elif path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(COLUMNS, map(float, row), strict=True))) + "\n" for row in x]
        path.write_text("".join(lines))
    else:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([[repr(float(v)) for v in row] for row in x])
    return path


def spec_for(
    *data: Path | str,
    mode: job_pb2.JobMode = job_pb2.JOB_MODE_SUM,
    columns: Sequence[str] = COLUMNS,
    **fields: object,
) -> job_pb2.JobSpec:
    """A submission of `mean_of_sines` over these files."""
    spec = job_pb2.JobSpec(
        program_digest=digest_of(PROGRAM),
        program_size=len(PROGRAM),
        data=[str(path) for path in data],
        mode=mode,
        id=new_job_id(),
        **{"batch_rows": 16, "shard_rows": 40, "format": job_pb2.RESULT_FORMAT_NPZ, **fields},  # type: ignore[arg-type]
    )
    spec.inputs.add(input="x", columns=columns, stacked=len(columns) > 1)
    spec.parameters.add(
        input="w", spec=encode_spec(spec_of(W)), digest=digest_of(W.tobytes()), differentiated=True
    )
    return spec


def submit(jobs: Path | str, spec: job_pb2.JobSpec) -> JobFolder:
    """The folder of a job that was handed in."""
    folder = JobFolder(str(jobs), spec.id)
    folder.submit(checked(spec, PROGRAM, [W.tobytes()], Roots()), PROGRAM, [W.tobytes()])
    folder.tell(
        job_pb2.JobStatus(id=folder.id, state=job_pb2.JOB_STATE_QUEUED, mode=spec.mode, format=spec.format)
    )
    return folder


def in_a_loop(
    folder: JobFolder, *, backwards: bool = False, dies_after: int | None = None
) -> Callable[[Sequence[int]], Iterator[Event]]:
    """Computes shards one after the other; perhaps it dies after so many."""

    def execute(shards: Sequence[int]) -> Iterator[Event]:
        # In no time, however busy the machine: it looks once whether it is to stop.
        runner = ShardRunner(folder, Roots(), clock=lambda: 5.0)
        for count, number in enumerate(reversed(shards) if backwards else shards):
            if count == dies_after:
                raise KeyboardInterrupt
            try:
                yield Done(runner.run(number))
            except Halted:
                yield Nothing()
            except TelegradError as error:
                yield Failed(number, error)

    return execute


def expected_sum(x: np.ndarray, bounds: Sequence[int], batch_rows: int = 16) -> tuple[float, np.ndarray]:
    """Value and gradient of `mean_of_sines` summed over the batches of shards with these bounds."""
    value, gradient = 0.0, np.zeros(4)
    for first, end in itertools.pairwise(bounds):
        for start in range(first, end, batch_rows):
            batch = x[start : min(start + batch_rows, end)]
            value += np.sin(W * batch).sum() / len(batch)
            gradient += (np.cos(W * batch) * batch).sum(0) / len(batch)
    return value, gradient
