"""Messages about jobs as users read them."""

from __future__ import annotations

import io
import json

import numpy as np

from telegrad.job_reports import result_of, status_of
from telegrad_proto.v1 import job_pb2


def _packed(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    described = {"rows": 7, "parts": ["part-00000.npz"], "result": "result.npz"}
    arrays["manifest"] = np.frombuffer(json.dumps(described).encode(), np.uint8)
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def test_the_time_that_is_left() -> None:
    told = job_pb2.JobStatus(state=job_pb2.JOB_STATE_RUNNING, rows_done=30, rows_total=90, rows_per_s=15.0)
    status = status_of(told)
    assert (status.state, status.eta_s, status.ended) == ("running", 4.0, False)
    told.rows_per_s = 0.0
    assert status_of(told).eta_s is None
    told.state = job_pb2.JOB_STATE_CANCELLED
    assert status_of(told).ended


def test_what_it_waits_for() -> None:
    assert status_of(job_pb2.JobStatus(waiting="requires a free CPU")).waiting == "requires a free CPU"


def test_remarks_are_what_there_is_to_say() -> None:
    assert status_of(job_pb2.JobStatus()).remarks == []
    told = job_pb2.JobStatus(queue_position=2, waiting="requires a free CPU", bad_rows=3)
    assert status_of(told).remarks == ["number 2 in the queue", "requires a free CPU", "3 bad rows"]


def test_one_value_or_several_in_their_order() -> None:
    told = job_pb2.JobStatus(mode=job_pb2.JOB_MODE_SUM, output="/out/")
    one = result_of(told, _packed(value=np.array(2.0), **{"grad.a.b": np.ones(3)}))
    assert (one.value, list(one.grads), one.rows) == (2.0, ["a.b"], 7)
    several = result_of(told, _packed(**{f"value.{n}": np.array(n) for n in (10, 2, 0)}))
    assert [int(value) for value in several.value] == [0, 2, 10]


def test_files_of_rows_and_of_one_result() -> None:
    rows = result_of(job_pb2.JobStatus(mode=job_pb2.JOB_MODE_PER_BATCH, output="s3://bucket/out"), _packed())
    assert rows.value is None
    assert rows.files == ["s3://bucket/out/part-00000.npz"]
