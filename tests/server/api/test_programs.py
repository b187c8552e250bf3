"""What the service refuses, and that it does so before anything is allocated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from telegrad_engine.programs import ProgramStore
from telegrad_proto.dtypes import float64
from telegrad_proto.errors import (
    CapacityError,
    DigestError,
    LimitError,
    PayloadError,
    ProgramNotFoundError,
    ProtocolError,
    TelegradError,
)
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import program_pb2, tensor_pb2
from telegrad_server.api.programs import ProgramServicer
from telegrad_server.worker.programs import WorkerPrograms
from tests.program_drafts import mean_of_sines

Part = program_pb2.CallPart
RAW = mean_of_sines().raw()
SPECS = [
    tensor_pb2.TensorSpec(dtype=float64.code, shape=[4]),  # type: ignore[arg-type]
    tensor_pb2.TensorSpec(dtype=float64.code, shape=[2, 4]),  # type: ignore[arg-type]
]
BYTES = np.arange(12.0).tobytes()


class Context:
    """The part of gRPC's context that a call uses."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        return True


def header(**changes: Any) -> program_pb2.CallHeader:
    fields = {"digest": digest_of(RAW), "arrays": SPECS, "program_bytes": len(RAW), **changes}
    return program_pb2.CallHeader(**fields)


def ask(parts: Sequence[program_pb2.CallPart], servicer: ProgramServicer | None = None) -> list[Any]:
    servicer = servicer or ProgramServicer(WorkerPrograms(ProgramStore()), "w1")
    return list(servicer.call(iter(parts), Context()))  # type: ignore[arg-type]


def test_a_call_in_one_message_or_many() -> None:
    (whole,) = ask([Part(header=header(), data=RAW + BYTES)])
    data = RAW + BYTES
    pieces = [Part(data=data[i : i + 7]) for i in range(0, len(data), 7)]
    (cut,) = ask([Part(header=header()), *pieces])
    assert whole.data == cut.data
    assert whole.header.worker == "w1"
    assert [list(o.shape) for o in whole.header.outputs] == [[], [2, 1]]


@pytest.mark.parametrize(
    ("parts", "error", "text"),
    [
        ([], ProtocolError, "begins with its header"),
        ([Part(data=b"x")], ProtocolError, "begins with its header"),
        ([Part(header=header(program_bytes=0))], ProgramNotFoundError, "send it along"),
        ([Part(header=header(digest=bytes(32)), data=RAW)], DigestError, "do not have the digest"),
        (
            [Part(header=header(), data=RAW + BYTES[:-1])],
            PayloadError,
            "64 bytes of an array announced, got 63",
        ),
        ([Part(header=header(), data=RAW + BYTES + b"x")], PayloadError, "more bytes"),
        ([Part(header=header()), Part(header=header())], PayloadError, "another header"),
        ([Part(header=header(program_bytes=2**40))], LimitError, "program: at most"),
        (
            [Part(header=header(arrays=[{"dtype": 12, "shape": [2**35]}] * 3))],
            LimitError,
            "at most 1073741824 bytes",
        ),
        ([Part(header=header(wrt=range(30_000)))], LimitError, "at most 20000"),
    ],
)
def test_calls_that_are_refused(
    parts: list[program_pb2.CallPart], error: type[TelegradError], text: str
) -> None:
    with pytest.raises(error, match=text):
        ask(parts)


def test_one_call_too_many_is_told_to_come_again() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow() -> Iterator[program_pb2.CallPart]:
        yield Part(header=header())
        entered.set()
        assert leave.wait(30)
        yield Part(data=RAW + BYTES)

    servicer = ProgramServicer(WorkerPrograms(ProgramStore()), "w1", at_once=1)
    found: list[Any] = []
    first = threading.Thread(target=lambda: found.extend(servicer.call(slow(), Context())))  # type: ignore[arg-type]
    first.start()
    assert entered.wait(30)
    with pytest.raises(CapacityError, match="computes 1 calls already"):
        ask([Part(header=header(), data=RAW + BYTES)], servicer)
    leave.set()
    first.join(30)
    assert len(found) == 1
    assert len(ask([Part(header=header(program_bytes=0), data=BYTES)], servicer)) == 1
