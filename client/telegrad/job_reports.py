"""What a cluster tells of its jobs, as a user reads it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from telegrad_proto.jobs import ENDED, STATES, SUMMED, state_word
from telegrad_proto.v1 import job_pb2


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a job is.

    Attributes:
        state: "queued", "planning", "running", "finished", "failed" or "cancelled".
        queue_position: how many jobs come before it, itself counted; 0 once it has begun.
        rows_done: rows in finished shards, bad ones too.
        rows_total: of the data; 0 while it is not yet planned.
        rows_per_s: over the last while.
        eta_s: seconds that the rest will take at this rate, or None while there is none.
        waiting: what no work can begin without, where the cluster has none of it left.
        error: why it failed.
        output: the folder of its results, as the cluster sees it.
        restarts: how often its driver was started again.
        peak_driver_bytes, peak_worker_bytes: the largest resident memory of its processes.
    """

    id: str
    name: str
    state: str
    queue_position: int
    shards_done: int
    shards_total: int
    rows_done: int
    rows_total: int
    bad_rows: int
    rows_per_s: float
    eta_s: float | None
    waiting: str
    error: str
    output: str
    restarts: int
    peak_driver_bytes: int
    peak_worker_bytes: int

    @property
    def ended(self) -> bool:
        """Whether it is at its end, whichever."""
        return STATES.get(self.state) in ENDED

    @property
    def remarks(self) -> list[str]:
        """What there is to say beside its state."""
        found = []
        if self.queue_position:
            found.append(f"number {self.queue_position} in the queue")
        if self.waiting:
            found.append(self.waiting)
        if self.bad_rows:
            found.append(f"{self.bad_rows} bad rows")
        return found


@dataclass(frozen=True, slots=True)
class JobResult:
    """What came of a finished job.

    Attributes:
        value: of a sum or a mean: the program's value; a tuple where it has several outputs. Else None.
        grads: of a sum or a mean: the gradients by the inputs' names.
        rows: how many rows are in it.
        manifest: what manifest.json in the output folder says: files, shards, parts.
        output: the folder of the results.
    """

    value: Any
    grads: Mapping[str, npt.NDArray[Any]]
    rows: int
    manifest: Mapping[str, Any]
    output: str

    @property
    def files(self) -> Sequence[str]:
        """The results' files, in the order of the rows."""
        names = self.manifest.get("parts") or [n for n in (self.manifest.get("result"),) if n]
        return [f"{self.output.rstrip('/')}/{name}" for name in names]


def status_of(told: job_pb2.JobStatus) -> JobStatus:
    """The status in a message."""
    left = told.rows_total - told.rows_done
    return JobStatus(
        id=told.id,
        name=told.name,
        state=state_word(told.state),
        queue_position=told.queue_position,
        shards_done=told.shards_done,
        shards_total=told.shards_total,
        rows_done=told.rows_done,
        rows_total=told.rows_total,
        bad_rows=told.bad_rows,
        rows_per_s=told.rows_per_s,
        eta_s=left / told.rows_per_s if told.rows_per_s > 0 else None,
        waiting=told.waiting,
        error=told.error,
        output=told.output,
        restarts=told.restarts,
        peak_driver_bytes=told.peak_driver_bytes,
        peak_worker_bytes=told.peak_worker_bytes,
    )


def result_of(told: job_pb2.JobStatus, raw: bytes) -> JobResult:
    """The result of a finished job, as it travels: an archive of arrays, none of them pickled."""
    with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    described = json.loads(arrays.pop("manifest").tobytes())
    if told.mode not in SUMMED:
        return JobResult(None, {}, described["rows"], described, told.output)
    named = [name for name in arrays if name.partition(".")[0] == "value"]
    values = [arrays[name] for name in sorted(named, key=_place_of)]
    grads = {name.removeprefix("grad."): array for name, array in arrays.items() if name.startswith("grad.")}
    value = values[0] if len(values) == 1 else tuple(values)
    return JobResult(value, grads, described["rows"], described, told.output)


def _place_of(name: str) -> int:
    """Where the output `value.<place>` stands among several."""
    return int(name.partition(".")[2] or 0)
