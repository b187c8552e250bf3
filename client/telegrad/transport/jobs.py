"""Batch jobs over gRPC: one call each, nothing kept open but while somebody watches."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeVar

import grpc

from telegrad.transport.connection import translate
from telegrad_proto.channel import CHANNEL_OPTIONS, JOBS_SERVICE, REQUEST_ID_KEY, TOKEN_KEY
from telegrad_proto.errors import AccessError, JobError, PayloadError, ServerUnavailableError, VersionError
from telegrad_proto.payload import chunks_of
from telegrad_proto.v1 import job_pb2

_T = TypeVar("_T")


class JobsChannel:
    """The way to the jobs of a cluster; close it after use.

    Args:
        address: "host:port" of a gateway, or several with commas between: the first that answers is asked.
        token: what the server asks for, if it does.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self._addresses = [part.strip() for part in address.split(",") if part.strip()]
        self._token = token
        self._channels: dict[str, grpc.Channel] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for channel in self._channels.values():
            channel.close()

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
            status: job_pb2.JobStatus = method(chunks(), metadata=self._metadata())
            return status

        return self._first(ask)

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
            return method(request, metadata=self._metadata())

        return self._first(ask)

    def _stream(self, name: str, request: Any, reply: Any) -> Iterator[Any]:
        def ask(channel: grpc.Channel) -> Any:
            method = channel.unary_stream(_path(name), type(request).SerializeToString, reply.FromString)
            call = method(request, metadata=self._metadata())
            return call, next(call)

        call, message = self._first(ask)
        try:
            yield message
            yield from call
        except grpc.RpcError as error:
            raise translate(error) from None
        finally:
            call.cancel()  # a dropped call is never ended by itself

    def _first(self, ask: Callable[[grpc.Channel], _T]) -> _T:
        """What the first gateway that can be reached answers."""
        lost: ServerUnavailableError | None = None
        for address in self._addresses:
            try:
                return ask(self._channel(address))
            except grpc.RpcError as error:
                told = _told(error, address)
                if not isinstance(told, ServerUnavailableError):
                    raise told from None
                lost = told
        raise lost or ServerUnavailableError("no gateway was named")

    def _channel(self, address: str) -> grpc.Channel:
        channel = self._channels.get(address)
        if channel is None:
            options = list(CHANNEL_OPTIONS)
            if address.startswith(("127.", "localhost:", "[::1]:")):
                options.append(("grpc.enable_http_proxy", 0))
            channel = self._channels[address] = grpc.insecure_channel(address, options=options)
        return channel

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        metadata = [(REQUEST_ID_KEY, secrets.token_hex(8))]
        if self._token is not None:
            metadata.append((TOKEN_KEY, f"Bearer {self._token}"))
        return tuple(metadata)


def _path(method: str) -> str:
    return f"/{JOBS_SERVICE}/{method}"


def _told(error: grpc.RpcError, address: str) -> Exception:
    told = translate(error)
    if isinstance(told, VersionError):
        return JobError(
            f"the server at {address} has no batch jobs: they run on a cluster, telegrad-server --ray"
        )
    if isinstance(told, AccessError):
        return AccessError(f"{address}: {told}")
    return told
