"""The jobs' methods over a real connection, on a desk of the test's own."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from telegrad.transport.jobs import JobsChannel
from telegrad.wire.convert import spec_of
from telegrad_proto.channel import JOBS_SERVICE
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import DigestError, JobError, JobNotFoundError, LimitError, PayloadError
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import job_pb2
from tests.server.gateway.desks import serving_jobs

STATES = [job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_RUNNING, job_pb2.JOB_STATE_FINISHED]


class _Desk:
    """Takes anything in; a job's state goes on whenever it is asked for."""

    def __init__(self) -> None:
        self.taken: tuple[job_pb2.JobSpec, bytes, list[bytes]] | None = None
        self.asked = 0

    def submit(self, spec: job_pb2.JobSpec, program: bytes, parameters: list[bytes]) -> job_pb2.JobStatus:
        self.taken = spec, program, parameters
        return job_pb2.JobStatus(id="1")

    def status(self, job_id: str) -> job_pb2.JobStatus:
        if job_id != "1":
            raise JobNotFoundError(f"job {job_id}: there is no such job here", job=job_id)
        state = STATES[min(self.asked // 2, 2)]
        self.asked += 1
        return job_pb2.JobStatus(id=job_id, state=state)

    def list(self) -> job_pb2.JobList:
        return job_pb2.JobList(jobs=[job_pb2.JobStatus(id="1")])

    def cancel(self, job_id: str) -> job_pb2.JobStatus:
        return job_pb2.JobStatus(id=job_id, state=job_pb2.JOB_STATE_CANCELLED)

    def result(self, job_id: str) -> bytes:
        return job_id.encode() * 3_000_000


def _spec(program: bytes, *arrays: np.ndarray) -> job_pb2.JobSpec:
    spec = job_pb2.JobSpec(program_digest=digest_of(program), program_size=len(program))
    for number, array in enumerate(arrays):
        spec.parameters.add(
            input=f"p{number}", spec=encode_spec(spec_of(array)), digest=digest_of(array.tobytes())
        )
    return spec


def test_a_program_and_its_parameters_arrive() -> None:
    desk = _Desk()
    program = bytes(range(256)) * 10_000
    arrays = [np.arange(300_000.0), np.zeros((0, 3)), np.arange(3, dtype=np.int8)]
    with serving_jobs(desk) as address, JobsChannel(address, None) as channel:
        spec = _spec(program, *arrays)
        status = channel.submit(spec, program, [memoryview(a.tobytes()) for a in arrays])
    assert status.id == "1"
    assert desk.taken == (spec, program, [a.tobytes() for a in arrays])


def test_what_does_not_arrive_whole_is_refused() -> None:
    desk = _Desk()
    array = np.arange(4.0)
    with serving_jobs(desk) as address, JobsChannel(address, None) as channel:
        with pytest.raises(PayloadError, match="requires 32 bytes, got 0"):
            channel.submit(_spec(b"program", array), b"program", [])
        with pytest.raises(PayloadError):
            channel.submit(_spec(b"program", array), b"program", [memoryview(bytes(40))])
        with pytest.raises(DigestError):
            channel.submit(_spec(b"program", array), b"progrxm", [memoryview(array.tobytes())])
        large = _spec(b"program")
        large.program_size = 1 << 40
        with pytest.raises(LimitError, match="program: at most"):
            channel.submit(large, b"", [])
    assert desk.taken is None


def test_a_submission_begins_with_its_description() -> None:
    with serving_jobs(_Desk()) as address, grpc.insecure_channel(address) as raw:
        submit: Any = raw.stream_unary(f"/{JOBS_SERVICE}/Submit", job_pb2.SubmitChunk.SerializeToString)
        for chunks in ([], [job_pb2.SubmitChunk(data=b"x")]):
            with pytest.raises(grpc.RpcError) as raised:
                submit(iter(chunks))
            assert isinstance(raised.value, grpc.Call)
            assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_job_is_watched_to_its_end() -> None:
    with serving_jobs(_Desk()) as address, JobsChannel(address, None) as channel:
        assert [status.state for status in channel.watch("1")] == STATES
        assert [status.state for status in channel.watch("1", follow=False)] == STATES[-1:]
        with pytest.raises(JobNotFoundError) as raised:
            list(channel.watch("2"))
        assert raised.value.details["job"] == "2"


def test_the_other_methods() -> None:
    with serving_jobs(_Desk()) as address, JobsChannel(address, None) as channel:
        assert [job.id for job in channel.list().jobs] == ["1"]
        assert channel.cancel("1").state == job_pb2.JOB_STATE_CANCELLED
        assert channel.result("abc") == b"abc" * 3_000_000


def test_a_server_without_jobs_says_where_they_are() -> None:
    with serving_jobs(None) as address, JobsChannel(address, None) as channel:
        with pytest.raises(JobError, match="no batch jobs: they run on a cluster"):
            channel.list()
        with pytest.raises(JobError, match="telegrad-server --ray"):
            list(channel.watch("1"))
