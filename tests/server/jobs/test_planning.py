"""From a submission to shards: what does not fit is refused, what fits is cut the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from telegrad.wire.convert import spec_of
from telegrad_engine.program import Program
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import AccessError, ArgumentError, DataError, ShapeError
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs import planning
from telegrad_server.jobs.files import Roots
from tests.server.jobs.drafts import PROGRAM, W, rows, spec_for, write_rows


def _checked(spec: job_pb2.JobSpec, roots: Roots | None = None) -> job_pb2.JobSpec:
    return planning.checked(spec, PROGRAM, [W.tobytes()] * len(spec.parameters), roots or Roots())


def test_defaults_are_filled_in() -> None:
    spec = _checked(spec_for("x.csv", batch_rows=0, shard_rows=0))
    assert (spec.batch_rows, spec.shard_rows) == (planning.DEFAULT_BATCH_ROWS, planning.DEFAULT_SHARD_ROWS)


def _without_input(spec: job_pb2.JobSpec) -> None:
    del spec.inputs[:]


def _without_parameter(spec: job_pb2.JobSpec) -> None:
    del spec.parameters[:]


def _unknown_input(spec: job_pb2.JobSpec) -> None:
    spec.inputs.add(input="z", columns=["c"])


def _twice(spec: job_pb2.JobSpec) -> None:
    spec.inputs.add(input="w", columns=["c"])


def _too_few_columns(spec: job_pb2.JobSpec) -> None:
    del spec.inputs[0].columns[1:]


def _other_shape(spec: job_pb2.JobSpec) -> None:
    spec.parameters[0].spec.CopyFrom(encode_spec(spec_of(np.zeros((2, 2)))))


def _other_bytes(spec: job_pb2.JobSpec) -> None:
    spec.parameters[0].digest = bytes(32)


def _other_program(spec: job_pb2.JobSpec) -> None:
    spec.program_digest = bytes(32)


def _no_mode(spec: job_pb2.JobSpec) -> None:
    spec.mode = job_pb2.JOB_MODE_UNSPECIFIED


def _no_data(spec: job_pb2.JobSpec) -> None:
    del spec.data[:]


def _large_batches(spec: job_pb2.JobSpec) -> None:
    spec.batch_rows = 1 << 30


def _small_shards(spec: job_pb2.JobSpec) -> None:
    spec.shard_rows = 1


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (_without_input, ArgumentError, "'x' has a batch axis"),
        (_without_parameter, ArgumentError, "'w' is the same for all rows"),
        (_unknown_input, ArgumentError, "no input 'z'; it has w, x"),
        (_twice, ArgumentError, "given twice"),
        (_too_few_columns, ShapeError, r"requires rows of shape \(4,\), got 1 columns"),
        (_other_shape, ShapeError, r"requires float64 of shape \(4,\), got float64 of shape \(2, 2\)"),
        (_other_bytes, ArgumentError, "the bytes are not those"),
        (_other_program, ArgumentError, "the bytes are not those"),
        (_no_mode, ArgumentError, "mode: requires sum"),
        (_no_data, ArgumentError, "at least one path"),
        (_large_batches, ArgumentError, "batch_rows: requires at most"),
        (_small_shards, ArgumentError, "shard_rows: requires at least a batch"),
    ],
)
def test_what_does_not_fit_is_refused(
    spoil: Callable[[job_pb2.JobSpec], None], kind: type[Exception], words: str
) -> None:
    spec = spec_for("x.csv")
    spoil(spec)
    with pytest.raises(kind, match=words):
        _checked(spec)


def test_data_and_output_stay_where_jobs_may_go(tmp_path: Path) -> None:
    roots = Roots([str(tmp_path)])
    _checked(spec_for(tmp_path / "x.csv", output=f"{tmp_path}/out"), roots)
    for spec in (spec_for("/etc/passwd.csv"), spec_for(tmp_path / "x.csv", output="/etc")):
        with pytest.raises(AccessError):
            _checked(spec, roots)


def test_shards_cover_every_row_once(tmp_path: Path) -> None:
    suffixes = (".parquet", ".csv", ".jsonl", ".npz")
    paths = [write_rows(tmp_path / f"{n}{suffix}", rows(90 + n)) for n, suffix in enumerate(suffixes)]
    manifest = planning.plan(spec_for(*paths), Roots())
    assert manifest.rows == 90 + 91 + 92 + 93
    assert [s.number for s in manifest.shards] == list(range(len(manifest.shards)))
    for n in range(4):
        at = 0
        for shard in (s for s in manifest.shards if s.file == n):
            assert shard.first_row == at
            assert 0 < shard.rows <= 40
            at += shard.rows
        assert at == 90 + n
    assert planning.plan(spec_for(*paths), Roots()) == manifest


def test_empty_files_are_no_shards_and_no_rows_are_an_error(tmp_path: Path) -> None:
    empty, full = write_rows(tmp_path / "a.parquet", rows(0)), write_rows(tmp_path / "b.parquet", rows(5))
    manifest = planning.plan(spec_for(empty, full), Roots())
    assert [(s.file, s.rows) for s in manifest.shards] == [(1, 5)]
    with pytest.raises(DataError, match="no rows"):
        planning.plan(spec_for(empty), Roots())


def test_too_many_shards_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_SHARDS", 2)
    with pytest.raises(ValueError, match="raise shard_rows"):
        planning.plan(spec_for(write_rows(tmp_path / "a.npz", rows(200))), Roots())


def test_what_rows_become() -> None:
    (one,) = planning.wanted(_checked(spec_for("x.csv")), Program.from_bytes(PROGRAM))
    assert (one.shape, one.column_shape, one.dtype) == ((4,), (), np.dtype(np.float64))
