"""Batch jobs: a program over the rows of a data set, on the cluster that `connect` or TELEGRAD_ADDRESS names.

program = tg.trace(loss, w, tg.spec((None, 3), "float64"), tg.spec((None,), "float64"))
job = tg.jobs.submit(program, "data/*.parquet", {"x": ["a", "b", "c"], "y": "y"}, params={"w": w})
job.watch()
job.result().grads["w"]
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from telegrad.config import endpoint
from telegrad.job_reports import JobResult, JobStatus, result_of, status_of
from telegrad.wire.convert import numpy_dtype, spec_of
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import BY_REASON, ArgumentError, JobError, ServerUnavailableError, ShapeError
from telegrad_proto.jobs import FORMATS, MODES, ON_ERROR, SUMMED, new_job_id
from telegrad_proto.payload import digest_of
from telegrad_proto.program import Blueprint, Input
from telegrad_proto.v1 import job_pb2

#: How long a watcher waits for a gateway that went away. The job goes on meanwhile.
_RECONNECT_S: Final = 60.0
_PAUSE_S: Final = 0.5


class Serializable(Protocol):
    """A program: what `trace` gives, or `load_program`."""

    def to_bytes(self) -> bytes: ...


class Job:
    """A job on a cluster, by its id: the same from any process.

    Attributes:
        id: its name.
    """

    def __init__(self, job_id: str, *, address: str | None = None, token: str | None = None) -> None:
        self.id = job_id
        self._place = endpoint(address, token)

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def status(self) -> JobStatus:
        """How it is now.

        Raises:
            JobNotFoundError: the cluster knows no such job.
            ServerUnavailableError: nothing answers.
        """
        with _channel(self._place) as channel:
            return status_of(next(iter(channel.watch(self.id, follow=False))))

    def events(self) -> Iterator[JobStatus]:
        """The status now and whenever it changes, until the job ends; a gateway may be replaced meanwhile."""
        deadline: float | None = None
        while True:
            try:
                with _channel(self._place) as channel:
                    for told in channel.watch(self.id):
                        deadline = None
                        yield status_of(told)
                return
            except ServerUnavailableError:
                now = time.monotonic()
                deadline = deadline or now + _RECONNECT_S
                if now > deadline:
                    raise
                time.sleep(_PAUSE_S)

    def watch(self) -> JobStatus:
        """Shows a bar until the job ends; the last status. Ctrl-C ends the watching, not the job."""
        from tqdm.auto import tqdm  # late: the notebook's kind takes long to import

        with tqdm(unit="row", unit_scale=True, dynamic_ncols=True, desc=self.id) as bar:
            status: JobStatus | None = None
            for status in self.events():
                if status.rows_total and bar.total != status.rows_total:
                    bar.reset(status.rows_total)
                bar.update(status.rows_done - bar.n)
                bar.set_postfix_str(", ".join([status.state, *status.remarks]))
        assert status is not None  # a stream of statuses has at least one
        return status

    def cancel(self) -> JobStatus:
        """Has it stopped, within a second and a batch; what is finished is kept. One that ended stays so."""
        with _channel(self._place) as channel:
            return status_of(channel.cancel(self.id))

    def result(self, *, wait: bool = True) -> JobResult:
        """What came of it.

        Args:
            wait: until it ends.

        Raises:
            DataError: it failed of a file or a row; the text names both.
            JobError: it failed of something else, was cancelled, or has not ended.
        """
        status = self.status()
        if wait and not status.ended:
            deque(self.events(), maxlen=0)
        with _channel(self._place) as channel:
            told = next(iter(channel.watch(self.id, follow=False)))
            if told.state == job_pb2.JOB_STATE_FAILED:
                kind = BY_REASON.get(told.error_reason, JobError)
                raise kind(f"job {self.id} failed: {told.error}", job=self.id)
            return result_of(told, channel.result(self.id))


def submit(
    program: Serializable | str | Path,
    data: str | Path | Sequence[str | Path],
    inputs: Mapping[str, str | Sequence[str]],
    *,
    params: Mapping[str, Any] | None = None,
    mode: str = "sum",
    output: str | Path | None = None,
    batch_rows: int = 0,
    shard_rows: int = 0,
    on_error: str = "fail",
    wrt: Sequence[str] | None = None,
    format: str | None = None,
    name: str = "",
    address: str | None = None,
    token: str | None = None,
) -> Job:
    """Has a program computed over the rows of files.

    Args:
        program: what `tg.trace` gave, or the path of a saved one. In the modes sum, mean and per_batch it is
            called on batches, in per_sample on every row as a batch of one.
        data: paths, globs or URLs of Parquet, CSV, TSV, JSON lines, npy or npz files, as the cluster sees
            them; the columns of an npz are its arrays, the one of an npy is called "array".
        inputs: for every input of the program with a batch axis the column that fills it, or a list of
            columns that become its last axis.
        params: values of the inputs that are the same for all rows; nested in dicts and lists as the
            program's own arguments.
        mode: "sum" over the batches; "mean", where each batch counts by its rows; "per_batch" or
            "per_sample", a row of results each.
        output: a folder for the results, path or URL as the cluster sees it; by default the job's own.
        batch_rows: rows of a batch; by default 1024. A file's, and a shard's, last batch may be smaller.
        shard_rows: rows that are done as one; by default 262,144.
        on_error: what a row that is NaN, of a wrong shape or no number does: "fail" the job, naming file and
            row; be left out ("skip"); or also be written to errors-*.jsonl beside the results ("collect").
        wrt: which params to differentiate by; by default all of floating or complex numbers.
        format: "npz" or "parquet"; by default npz for one result, Parquet for rows of them.
        name: for people.
        address: of the gateway; by default that of the current connection.
        token: what the gateway asks for.

    Raises:
        ArgumentError: inputs or params that do not fit the program.
        ShapeError: a param of another shape or type.
        DataError: no such file.
        AccessError: data or output where the cluster's jobs may not read and write.
        JobError: the server has no batch jobs.
        TypeError: what is submitted is no program.
    """
    if not (isinstance(program, (str, Path)) or hasattr(program, "to_bytes")):
        raise TypeError(f"submit(): requires a program or the path of one, got {type(program).__name__}")
    for key, count, bits in (("batch_rows", batch_rows, 32), ("shard_rows", shard_rows, 63)):
        if not 0 <= count < 1 << bits:
            raise ArgumentError(f"{key}: requires a number of rows, got {count}")
    raw = program.to_bytes() if not isinstance(program, (str, Path)) else _read(program)
    there = {one.name: one for one in Blueprint.from_bytes(raw).inputs}
    chosen = _choice("mode", mode, MODES)
    spec = job_pb2.JobSpec(
        id=new_job_id(),
        name=name,
        program_digest=digest_of(raw),
        program_size=len(raw),
        data=[_absolute(path) for path in ([data] if isinstance(data, (str, Path)) else data)],
        mode=chosen,
        output=_absolute(output) if output is not None else "",
        batch_rows=batch_rows,
        shard_rows=shard_rows,
        on_error=_choice("on_error", on_error, ON_ERROR),
        format=_choice("format", format or ("npz" if chosen in SUMMED else "parquet"), FORMATS),
    )
    for key, columns in _columns(inputs):
        stacked = not isinstance(columns, str)
        spec.inputs.add(
            input=key, columns=[columns] if isinstance(columns, str) else columns, stacked=stacked
        )
    parameters = _parameters(spec, there, params or {}, wrt)
    place = endpoint(address, token)
    with _channel(place) as channel:
        status = channel.submit(spec, raw, parameters)
    return Job(status.id, address=place[0], token=place[1])


def get(job_id: str, *, address: str | None = None, token: str | None = None) -> Job:
    """The job of this id, from whichever process it was submitted.

    Raises:
        JobNotFoundError: the cluster knows no such job.
    """
    job = Job(job_id, address=address, token=token)
    job.status()
    return job


def list(*, address: str | None = None, token: str | None = None) -> Sequence[JobStatus]:
    """The cluster's jobs, the newest first."""
    with _channel(endpoint(address, token)) as channel:
        return [status_of(told) for told in channel.list().jobs]


def _columns(inputs: object) -> Iterator[tuple[str, str | Sequence[str]]]:
    """What was given as `inputs`, looked through."""
    if not isinstance(inputs, Mapping):
        raise ArgumentError(f"inputs: requires columns by the program's inputs, got {type(inputs).__name__}")
    for key, columns in inputs.items():
        names = [columns] if isinstance(columns, str) else columns
        if not isinstance(names, Sequence) or not all(isinstance(one, str) for one in (key, *names)):
            raise ArgumentError(f"inputs: {key!r}: requires a column or a list of columns, got {columns!r}")
        yield key, columns


def _parameters(
    spec: job_pb2.JobSpec, there: Mapping[str, Input], params: Mapping[str, Any], wrt: Sequence[str] | None
) -> Sequence[memoryview]:
    """The params' bytes; what they are is noted in the spec."""
    found: dict[str, Any] = {}
    for key, value in params.items():
        found |= _leaves(key, value)
    unknown = [one for one in wrt or () if one not in found]
    if unknown:
        raise ArgumentError(f"wrt: requires names of params, {', '.join(found)}; got {unknown[0]!r}")
    parts = []
    for key, value in found.items():
        if key not in there:
            raise ArgumentError(f"params: the program has no input {key!r}; it has {', '.join(there)}")
        wanted = there[key].spec
        array = np.asarray(value.detach().numpy() if hasattr(value, "detach") else value)
        if array.shape != wanted.shape:
            raise ShapeError(f"params: {key!r}: requires shape {wanted.shape}, got {array.shape}")
        if not isinstance(value, (np.ndarray, np.generic)) and not hasattr(value, "detach"):
            array = array.astype(numpy_dtype(wanted.dtype))  # Python's numbers have no type of their own
        array = np.ascontiguousarray(array).reshape(array.shape)
        view = memoryview(array.data).cast("B") if array.size else memoryview(b"")
        spec.parameters.add(
            input=key,
            spec=encode_spec(spec_of(array)),
            digest=digest_of(view),
            differentiated=key in wrt if wrt is not None else array.dtype.kind in "fc",
        )
        parts.append(view)
    return parts


def _leaves(key: str, value: Any) -> dict[str, Any]:
    """Nested params by the names that a program gives its inputs."""
    if isinstance(value, Mapping):
        pairs = [(str(k), v) for k, v in value.items()]
    elif isinstance(value, (tuple, type([]))) and any(not isinstance(v, (int, float)) for v in value):
        pairs = [(str(k), v) for k, v in enumerate(value)]
    else:
        return {key: value}
    found: dict[str, Any] = {}
    for inner, one in pairs:
        found |= _leaves(f"{key}.{inner}", one)
    return found


def _channel(place: tuple[str, str | None]) -> Any:
    from telegrad.transport.jobs import JobsChannel  # late: gRPC takes a third of the import time

    return JobsChannel(*place)


def _choice(what: str, given: str, choices: Mapping[str, Any]) -> Any:
    if given not in choices:
        raise ArgumentError(f"{what}: requires one of {', '.join(choices)}; got {given!r}")
    return choices[given]


def _absolute(path: str | Path) -> str:
    """A path that means the same to a server on this machine."""
    text = os.fspath(path)
    return text if "://" in text else os.path.abspath(text)


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ArgumentError(f"program: {path}: {error.strerror}") from None
