"""The methods of telegrad.v1.Jobs, on a desk that blocks: each call is carried out in a thread."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol

import grpc

from telegrad_proto.channel import JOBS_SERVICE
from telegrad_proto.codec import decode_spec
from telegrad_proto.errors import LimitError, PayloadError
from telegrad_proto.jobs import has_ended
from telegrad_proto.limits import MAX_CALL_BYTES, MAX_PROGRAM_BYTES
from telegrad_proto.payload import Assembly, chunks_of
from telegrad_proto.v1 import job_pb2
from telegrad_server.gateway.guard import Context, guarded

_LOOK_S: Final = 0.25

_EOF: Final = grpc.aio.EOF


class Desk(Protocol):
    """What takes jobs in and knows how they are; its methods block."""

    def submit(self, spec: job_pb2.JobSpec, program: bytes, parameters: list[bytes]) -> job_pb2.JobStatus: ...
    def status(self, job_id: str) -> job_pb2.JobStatus: ...
    def list(self) -> job_pb2.JobList: ...
    def cancel(self, job_id: str) -> job_pb2.JobStatus: ...
    def result(self, job_id: str) -> bytes: ...


class JobsService:
    """The methods, for an asynchronous gRPC server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def handlers(self) -> grpc.GenericRpcHandler:
        """The methods for `add_generic_rpc_handlers`."""
        methods: dict[str, Any] = {
            "Submit": grpc.stream_unary_rpc_method_handler(
                guarded(self.submit), job_pb2.SubmitChunk.FromString, job_pb2.JobStatus.SerializeToString
            ),
            "List": grpc.unary_unary_rpc_method_handler(
                guarded(self.list), job_pb2.ListJobsRequest.FromString, job_pb2.JobList.SerializeToString
            ),
            "Watch": grpc.unary_stream_rpc_method_handler(
                guarded(self.watch), job_pb2.WatchRequest.FromString, job_pb2.JobStatus.SerializeToString
            ),
            "Cancel": grpc.unary_unary_rpc_method_handler(
                guarded(self.cancel), job_pb2.CancelJobRequest.FromString, job_pb2.JobStatus.SerializeToString
            ),
            "Result": grpc.unary_stream_rpc_method_handler(
                guarded(self.result), job_pb2.ResultRequest.FromString, job_pb2.ResultChunk.SerializeToString
            ),
        }
        return grpc.method_handlers_generic_handler(JOBS_SERVICE, methods)

    async def submit(self, _requests: object, context: Context) -> job_pb2.JobStatus:
        """A job's description, program and parameters."""
        first = await context.read()
        if first is _EOF or first.WhichOneof("content") != "header":
            raise PayloadError("submit: requires the job's description first")
        spec: job_pb2.JobSpec = first.header
        sizes = [decode_spec(one.spec).nbytes for one in spec.parameters]
        if spec.program_size > MAX_PROGRAM_BYTES:
            raise LimitError(f"program: at most {MAX_PROGRAM_BYTES} bytes, got {spec.program_size}")
        if sum(sizes) > MAX_CALL_BYTES:
            raise LimitError(f"params: at most {MAX_CALL_BYTES} bytes together, got {sum(sizes)}")
        program = await _part(context, spec.program_size, spec.program_digest)
        parameters = [
            await _part(context, size, one.digest) for size, one in zip(sizes, spec.parameters, strict=True)
        ]
        return await asyncio.to_thread(self._desk.submit, spec, program, parameters)

    async def list(self, _request: job_pb2.ListJobsRequest, _context: Context) -> job_pb2.JobList:
        """The jobs, the newest first."""
        return await asyncio.to_thread(self._desk.list)

    async def watch(self, request: job_pb2.WatchRequest, context: Context) -> None:
        """The status whenever it changes, until the job ends."""
        told: job_pb2.JobStatus | None = None
        while True:
            status = await asyncio.to_thread(self._desk.status, request.id)
            if status != told:
                await context.write(status)
                told = status
            if has_ended(status) or not request.follow:
                return
            await asyncio.sleep(_LOOK_S)

    async def cancel(self, request: job_pb2.CancelJobRequest, _context: Context) -> job_pb2.JobStatus:
        """Has the job stopped."""
        return await asyncio.to_thread(self._desk.cancel, request.id)

    async def result(self, request: job_pb2.ResultRequest, context: Context) -> None:
        """The bytes of a finished job's result."""
        raw = await asyncio.to_thread(self._desk.result, request.id)
        await context.write(job_pb2.ResultChunk(size=len(raw)))
        for chunk in chunks_of(memoryview(raw)):
            await context.write(job_pb2.ResultChunk(data=chunk))


async def _part(context: Context, size_bytes: int, digest: bytes) -> bytes:
    """The bytes of the next part; no chunk holds bytes of two."""
    part = Assembly(size_bytes, digest)
    while part.received_bytes < size_bytes:
        chunk = await context.read()
        if chunk is _EOF or chunk.WhichOneof("content") != "data":
            raise PayloadError(f"submit: requires {size_bytes} bytes, got {part.received_bytes}")
        part.write(chunk.data)
    return bytes(part.finish())
