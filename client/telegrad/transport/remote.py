"""Calls of programs over gRPC: sent again, here or to the next address, when a server is lost or busy.

A call is pure, so one that is sent twice does no harm: nobody has to know whether the first arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import grpc

from telegrad.transport.channels import Channels, translate
from telegrad.wire.convert import NDArray, array_of, bytes_of, spec_of
from telegrad_proto.channel import PROGRAMS_SERVICE
from telegrad_proto.codec import decode_spec, encode_spec
from telegrad_proto.errors import (
    CapacityError,
    LimitError,
    ProgramNotFoundError,
    ServerUnavailableError,
)
from telegrad_proto.limits import CHUNK_BYTES, MAX_CALL_BYTES
from telegrad_proto.parts import Incoming, pieces_of
from telegrad_proto.program import Blueprint
from telegrad_proto.v1 import program_pb2

#: How long a call is tried again while no server can be reached, or all are busy.
PATIENCE_S: Final = 60.0

#: A program is small beside arrays that take so many times its bytes.
_BESIDE: Final = 32

_PATH: Final = f"/{PROGRAMS_SERVICE}/Call"
_SENT: Final = program_pb2.CallPart.SerializeToString
_RECEIVED: Final = program_pb2.ResultPart.FromString

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0


class RemoteCalls:
    """Calls programs on a server.

    Args:
        address: "host:port" of a worker or a gateway; or several, with commas between: a call that fails at
            one goes to the next.
        token: what the server asks for, if it does.
        patience_s: how long to try again.
    """

    def __init__(self, address: str, *, token: str | None = None, patience_s: float = PATIENCE_S) -> None:
        self._channels: Final = Channels(address, token)
        self._patience_s: Final = patience_s
        self._turn = 0

    def call(
        self,
        blueprint: Blueprint,
        raw: bytes,
        mode: str,
        wrt: Sequence[int],
        arrays: Sequence[NDArray],
        *,
        timeout_s: float | None = None,
    ) -> tuple[list[NDArray], list[NDArray]]:
        """The outputs, and what the mode adds; see `Calls.call`."""
        import tenacity  # late: it takes longer to import than most calls take

        size_bytes = sum([array.nbytes for array in arrays])
        if size_bytes > MAX_CALL_BYTES:
            raise LimitError(
                f"{blueprint.name}: a call takes at most {MAX_CALL_BYTES} bytes, got {size_bytes}: cut the "
                "batch (shards=n)"
            )
        header = program_pb2.CallHeader(
            digest=blueprint.digest,
            mode=mode.upper(),
            wrt=wrt,
            arrays=[encode_spec(spec_of(array)) for array in arrays],
            timeout_ms=0 if timeout_s is None else max(1, round(1000 * timeout_s)),
        )
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((ServerUnavailableError, CapacityError)),
            stop=tenacity.stop_after_delay(self._patience_s),
            wait=tenacity.wait_random_exponential(_FIRST_PAUSE_S, _LONGEST_PAUSE_S),
            reraise=True,
        )
        return retrying(lambda: self._somewhere(header, raw, arrays))

    def close(self) -> None:
        """Ends the connections."""
        self._channels.close()

    def _somewhere(
        self, header: program_pb2.CallHeader, raw: bytes, arrays: Sequence[NDArray]
    ) -> tuple[list[NDArray], list[NDArray]]:
        """The answer of the address that answered last; if it does not, the next one has its turn."""
        turn, addresses = self._turn, self._channels.addresses
        try:
            return self._known(addresses[turn % len(addresses)], header, raw, arrays)
        except ServerUnavailableError:
            if self._turn == turn:
                self._turn += 1
            raise

    def _known(
        self, address: str, header: program_pb2.CallHeader, raw: bytes, arrays: Sequence[NDArray]
    ) -> tuple[list[NDArray], list[NDArray]]:
        """The answer of whichever worker gets the call; the program is sent along if it does not know it.

        A program that is small beside its arrays always goes along: else they might have to go twice.
        """
        if _BESIDE * len(raw) <= sum([array.nbytes for array in arrays]):
            return self._once(address, header, raw, arrays)
        try:
            return self._once(address, header, b"", arrays)
        except ProgramNotFoundError:
            return self._once(address, header, raw, arrays)

    def _once(
        self, address: str, header: program_pb2.CallHeader, program: bytes, arrays: Sequence[NDArray]
    ) -> tuple[list[NDArray], list[NDArray]]:
        whole = program_pb2.CallHeader()
        whole.CopyFrom(header)
        whole.program_bytes = len(program)
        parts = _parts(whole, program, arrays)
        channel, metadata = self._channels.to(address), self._channels.metadata()
        if len(program) + sum([array.nbytes for array in arrays]) <= CHUNK_BYTES:
            # On the wire one message is a stream of one; a thread to send it would take longer than it.
            call = channel.unary_stream(_PATH, _SENT, _RECEIVED)(next(parts), metadata=metadata)
        else:
            call = channel.stream_stream(_PATH, _SENT, _RECEIVED)(parts, metadata=metadata)
        try:
            first = next(call, None)
            if first is None:
                raise ServerUnavailableError("the server ended the call without an answer")
            incoming = Incoming(chain((first.data,), (part.data for part in call)))
            specs = [decode_spec(m) for m in (*first.header.outputs, *first.header.gradients)]
            found = [array_of(spec, incoming.take(spec.nbytes)) for spec in specs]
            incoming.end()
            split = len(first.header.outputs)
            return found[:split], found[split:]
        except grpc.RpcError as error:
            raise translate(error) from None
        finally:
            call.cancel()  # after an interruption; otherwise it has ended


def _parts(
    header: program_pb2.CallHeader, program: bytes, arrays: Sequence[NDArray]
) -> Iterator[program_pb2.CallPart]:
    pieces = pieces_of([memoryview(program), *[bytes_of(array) for array in arrays]])
    yield program_pb2.CallPart(header=header, data=next(pieces, b""))
    for piece in pieces:
        yield program_pb2.CallPart(data=piece)
