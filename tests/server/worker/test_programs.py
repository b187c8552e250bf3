from __future__ import annotations

import threading

import numpy as np
import pytest

from telegrad_engine.programs import ProgramStore
from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.dtypes import float64
from telegrad_proto.errors import ArgumentError, CancelledError, ProgramNotFoundError
from telegrad_proto.payload import digest_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import program_pb2
from telegrad_server.worker.programs import WorkerPrograms
from tests.program_drafts import mean_of_sines

RAW = mean_of_sines().raw()
DIGEST = digest_of(RAW)
ARRAYS = [
    (Spec((4,), float64), memoryview(np.arange(4.0).tobytes())),
    (Spec((2, 4), float64), memoryview(np.ones((2, 4)).tobytes())),
]


def test_bytes_in_and_bytes_out() -> None:
    programs = WorkerPrograms(ProgramStore())
    with pytest.raises(ProgramNotFoundError):
        programs.require(DIGEST)
    programs.add(memoryview(RAW), DIGEST)
    programs.require(DIGEST)
    header = program_pb2.CallHeader(digest=DIGEST, mode="VALUE_AND_GRAD", wrt=[0])
    given = programs.call(header, ARRAYS, threading.Event())
    spec, data = given.gradients[0]
    assert spec is Spec((4,), float64)
    np.testing.assert_allclose(np.frombuffer(data), np.cos(np.arange(4.0)))
    assert [s.shape for s, _ in given.outputs] == [(), (2, 1)]
    assert not given.plan_cached
    assert given.execute_ns > 0


def test_callers_that_are_gone_and_modes_that_are_unknown() -> None:
    programs = WorkerPrograms(ProgramStore())
    programs.add(memoryview(RAW), DIGEST)
    gone = threading.Event()
    gone.set()
    with pytest.raises(CancelledError):
        programs.call(program_pb2.CallHeader(digest=DIGEST), ARRAYS, gone)
    with pytest.raises(ArgumentError, match="no mode 99"):
        programs.call(program_pb2.CallHeader(digest=DIGEST, mode=99), ARRAYS, gone)  # type: ignore[arg-type]


def test_calls_wait_for_their_turn_as_long_as_somebody_waits_for_them() -> None:
    programs = WorkerPrograms(ProgramStore(), at_once=1)
    programs.add(memoryview(RAW), DIGEST)
    header = program_pb2.CallHeader(digest=DIGEST, mode="VALUE_AND_GRAD", wrt=[0])
    for _ in range(2):
        assert programs.call(header, ARRAYS, threading.Event()).outputs
    gone, failed = threading.Event(), []

    def call() -> None:
        try:
            programs.call(header, ARRAYS, gone)
        except CancelledError as error:
            failed.append(error)

    with programs._turn(Interrupt()):
        thread = threading.Thread(target=call)
        thread.start()
        gone.set()
        thread.join(60)
    assert len(failed) == 1
