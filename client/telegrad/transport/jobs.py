"""Batch jobs over gRPC: one call each, nothing kept open but while somebody watches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

import grpc

from telegrad.transport.channels import Channels, translate
from telegrad_proto.channel import JOBS_SERVICE
from telegrad_proto.errors import AccessError, JobError, PayloadError, TelegradError, VersionError
from telegrad_proto.payload import chunks_of
from telegrad_proto.v1 import job_pb2


class JobsChannel:
    """The way to the jobs of a cluster; close it after use.

    Args:
        address: "host:port" of a gateway, or several with commas between: the first that answers is asked.
        token: what the server asks for, if it does.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self._channels: Final = Channels(address, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channels.close()

    def submit(
        self, spec: job_pb2.JobSpec, program: bytes, parameters: Sequence[memoryview]
    ) -> job_pb2.JobStatus:
        """Hands a job in; its first status."""

        def chunks() -> Iterator[job_pb2.SubmitChunk]:
            yield job_pb2.SubmitChunk(header=spec)
            for part in (memoryview(program), *parameters):
                for piece in chunks_of(part):
                    yield job_pb2.SubmitChunk(data=piece)

        def ask(channel: grpc.Channel) -> job_pb2.JobStatus:
            method = channel.stream_unary(
                _path("Submit"), job_pb2.SubmitChunk.SerializeToString, job_pb2.JobStatus.FromString
            )
            status: job_pb2.JobStatus = method(chunks(), metadata=self._channels.metadata())
            return status

        return self._channels.first(ask, told=_told)

    def list(self) -> job_pb2.JobList:
        """The jobs, the newest first."""
        found: job_pb2.JobList = self._ask("List", job_pb2.ListJobsRequest(), job_pb2.JobList)
        return found

    def cancel(self, job_id: str) -> job_pb2.JobStatus:
        """Has the job stopped; how it is now."""
        status: job_pb2.JobStatus = self._ask(
            "Cancel", job_pb2.CancelJobRequest(id=job_id), job_pb2.JobStatus
        )
        return status

    def watch(self, job_id: str, *, follow: bool = True) -> Iterator[job_pb2.JobStatus]:
        """The status now and, if wanted, whenever it changes, until the job ends."""
        request = job_pb2.WatchRequest(id=job_id, follow=follow)
        yield from self._stream("Watch", request, job_pb2.JobStatus)

    def result(self, job_id: str) -> bytes:
        """The bytes of a finished job's result."""
        size, pieces = 0, []
        for chunk in self._stream("Result", job_pb2.ResultRequest(id=job_id), job_pb2.ResultChunk):
            size = chunk.size or size
            pieces.append(chunk.data)
        raw = b"".join(pieces)
        if len(raw) != size:
            raise PayloadError(f"job {job_id}: requires a result of {size} bytes, got {len(raw)}")
        return raw

    def _ask(self, name: str, request: Any, reply: Any) -> Any:
        def ask(channel: grpc.Channel) -> Any:
            method = channel.unary_unary(_path(name), type(request).SerializeToString, reply.FromString)
            return method(request, metadata=self._channels.metadata())

        return self._channels.first(ask, told=_told)

    def _stream(self, name: str, request: Any, reply: Any) -> Iterator[Any]:
        def ask(channel: grpc.Channel) -> Any:
            method = channel.unary_stream(_path(name), type(request).SerializeToString, reply.FromString)
            call = method(request, metadata=self._channels.metadata())
            return call, next(call)

        call, message = self._channels.first(ask, told=_told)
        try:
            yield message
            yield from call
        except grpc.RpcError as error:
            raise translate(error) from None
        finally:
            call.cancel()  # a dropped call is never ended by itself


def _path(method: str) -> str:
    return f"/{JOBS_SERVICE}/{method}"


def _told(error: TelegradError, address: str) -> TelegradError:
    if isinstance(error, VersionError):
        return JobError(
            f"the server at {address} has no batch jobs: they run on a cluster, telegrad-server --ray"
        )
    if isinstance(error, AccessError):
        return AccessError(f"{address}: {error}")
    return error
