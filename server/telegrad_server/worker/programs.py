"""Programs on a worker: the engine's store behind the service."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telegrad_engine.modes import MODES
from telegrad_engine.programs import ProgramStore
from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.dtypes import by_typestr
from telegrad_proto.errors import ArgumentError
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import program_pb2

Payload = tuple[Spec, memoryview]

#: How often a call that waits for its turn looks whether it still should.
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Given:
    """The answer of a call, as bytes."""

    outputs: Sequence[Payload]
    gradients: Sequence[Payload]
    plan_cached: bool
    execute_ns: int


class WorkerPrograms:
    """Calls programs on a device.

    Args:
        store: the programs.
        at_once: how many calls compute at a time, the others wait; 0: all.
    """

    def __init__(self, store: ProgramStore, at_once: int = 0) -> None:
        self._store: Final = store
        self._turns: Final = threading.Semaphore(at_once) if at_once else None

    def require(self, digest: bytes) -> None:
        """Returns where the program is known; else raises ProgramNotFoundError."""
        self._store.get(digest)

    def add(self, raw: memoryview, digest: bytes) -> None:
        """Makes a program known; raises as `ProgramStore.add`."""
        self._store.add(raw, digest)

    def call(
        self, header: program_pb2.CallHeader, arrays: Sequence[Payload], stopped: threading.Event
    ) -> Given:
        """Computes; raises as `Program.call`."""
        if not 0 <= header.mode < len(MODES):
            raise ArgumentError(f"call: this server knows no mode {header.mode}")
        program = self._store.get(header.digest)
        given = [np.frombuffer(data, spec.dtype.typestr).reshape(spec.shape) for spec, data in arrays]
        count = len(program.inputs)
        interrupt = _Stopped(stopped, header.timeout_ms / 1000)
        with self._turn(interrupt):
            answer = program.call(
                MODES[header.mode],
                given[:count],
                wrt=list(header.wrt),
                extra=given[count:],
                interrupt=interrupt,
            )
        return Given(
            [_payload(array) for array in answer.outputs],
            [_payload(array) for array in answer.gradients],
            answer.plan_cached,
            answer.execute_ns,
        )

    @contextmanager
    def _turn(self, interrupt: Interrupt) -> Iterator[None]:
        """Waits until it is the call's turn, as long as somebody wants its answer."""
        if self._turns is None:
            yield
            return
        while not self._turns.acquire(timeout=_LOOK_S):
            interrupt.check()
        try:
            yield
        finally:
            self._turns.release()


class _Stopped(Interrupt):
    """Stops an evaluation when its caller is gone."""

    __slots__ = ("_event",)

    def __init__(self, event: threading.Event, timeout_s: float) -> None:
        super().__init__(timeout_s)
        self._event = event

    def check(self) -> None:
        if self._event.is_set():
            self.cancel()
        super().check()


def _payload(array: np.ndarray[Any, Any]) -> Payload:
    spec = Spec(array.shape, by_typestr[array.dtype.newbyteorder("<").str])
    data = array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")
    return spec, data
