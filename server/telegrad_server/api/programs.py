"""The method of telegrad.v1.Programs, on the engine of a worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, Protocol

import grpc

from telegrad_proto.channel import PROGRAMS_SERVICE
from telegrad_proto.codec import decode_spec, encode_spec
from telegrad_proto.errors import CapacityError, LimitError, PayloadError, ProtocolError, TelegradError
from telegrad_proto.limits import MAX_CALL_BYTES, MAX_PROGRAM_BYTES, MAX_PROGRAM_ENTRIES
from telegrad_proto.parts import Incoming, pieces_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import program_pb2

#: Calls that a worker computes at once; each holds one of the threads that sessions need too.
CALLS_AT_ONCE: Final = 16


class Answer(Protocol):
    """What a call gives: specs with bytes, and what is to be told of it."""

    @property
    def outputs(self) -> Sequence[tuple[Spec, memoryview]]: ...
    @property
    def gradients(self) -> Sequence[tuple[Spec, memoryview]]: ...
    @property
    def plan_cached(self) -> bool: ...
    @property
    def execute_ns(self) -> int: ...


class Programs(Protocol):
    """What can call programs."""

    def require(self, digest: bytes) -> None:
        """Returns where the program is known; else raises ProgramNotFoundError."""

    def add(self, raw: memoryview, digest: bytes) -> None:
        """Makes a program known."""

    def call(
        self,
        header: program_pb2.CallHeader,
        arrays: Sequence[tuple[Spec, memoryview]],
        stopped: threading.Event,
    ) -> Answer:
        """Computes; stops when it is told."""


class ProgramServicer:
    """Serves calls to a synchronous gRPC server; an interceptor makes statuses of the errors it raises.

    Args:
        programs: what computes.
        worker: the worker's name, told with each answer.
        at_once: calls at once; the next is told to come again, which a gateway does elsewhere.
    """

    def __init__(self, programs: Programs, worker: str, *, at_once: int = CALLS_AT_ONCE) -> None:
        self._programs = programs
        self._worker = worker
        self._free = threading.BoundedSemaphore(at_once)
        self._at_once = at_once

    def call(
        self, parts: Iterator[program_pb2.CallPart], context: grpc.ServicerContext
    ) -> Iterator[program_pb2.ResultPart]:
        """One call: header and bytes in, header and bytes out."""
        first = next(parts, None)
        if first is None or not first.HasField("header"):
            raise ProtocolError("a call begins with its header")
        header = first.header
        if not self._free.acquire(blocking=False):
            _drain(parts)
            raise CapacityError(f"worker {self._worker} computes {self._at_once} calls already: come again")
        try:
            answer = self._answer(header, chain((first,), parts), context)
        except TelegradError:
            _drain(parts)
            raise
        finally:
            self._free.release()
        head = program_pb2.ResultHeader(
            outputs=[encode_spec(spec) for spec, _ in answer.outputs],
            gradients=[encode_spec(spec) for spec, _ in answer.gradients],
            worker=self._worker,
            plan_cached=answer.plan_cached,
            execute_ns=answer.execute_ns,
        )
        pieces = pieces_of([data for _, data in (*answer.outputs, *answer.gradients)])
        yield program_pb2.ResultPart(header=head, data=next(pieces, b""))
        for piece in pieces:
            yield program_pb2.ResultPart(data=piece)

    def _answer(
        self,
        header: program_pb2.CallHeader,
        parts: Iterator[program_pb2.CallPart],
        context: grpc.ServicerContext,
    ) -> Answer:
        if len(header.arrays) > MAX_PROGRAM_ENTRIES or len(header.wrt) > MAX_PROGRAM_ENTRIES:
            raise LimitError(f"call: at most {MAX_PROGRAM_ENTRIES} arrays, got {len(header.arrays)}")
        specs = [decode_spec(message) for message in header.arrays]
        size_bytes = sum([spec.nbytes for spec in specs])
        if size_bytes > MAX_CALL_BYTES:
            raise LimitError(f"call: takes at most {MAX_CALL_BYTES} bytes, got {size_bytes} announced")
        if header.program_bytes > MAX_PROGRAM_BYTES:
            raise LimitError(f"program: at most {MAX_PROGRAM_BYTES} bytes, got {header.program_bytes}")
        incoming = Incoming(_data(parts))
        if header.program_bytes:
            self._programs.add(incoming.take(header.program_bytes), header.digest)
        else:
            self._programs.require(header.digest)  # before anything is waited for
        arrays = [(spec, incoming.take(spec.nbytes)) for spec in specs]
        incoming.end()
        stopped = threading.Event()
        if not context.add_callback(stopped.set):
            stopped.set()
        return self._programs.call(header, arrays, stopped)


def _drain(parts: Iterator[program_pb2.CallPart]) -> None:
    """Takes in what still comes: a relay that is cut off while it sends never learns why."""
    left = MAX_CALL_BYTES + MAX_PROGRAM_BYTES
    for part in parts:
        left -= len(part.data)
        if left < 0:
            return


def _data(parts: Iterator[program_pb2.CallPart]) -> Iterator[bytes]:
    """The bytes of a call's messages."""
    for i, part in enumerate(parts):
        if i and part.HasField("header"):
            raise PayloadError("call: requires data after the header, got another header")
        yield part.data


def program_handlers(servicer: ProgramServicer) -> grpc.GenericRpcHandler:
    """The method for `add_generic_rpc_handlers`."""
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Call": grpc.stream_stream_rpc_method_handler(
            servicer.call, program_pb2.CallPart.FromString, program_pb2.ResultPart.SerializeToString
        )
    }
    return grpc.method_handlers_generic_handler(PROGRAMS_SERVICE, methods)
