"""Programs by their digests: those that a process knows, the least recently called forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from telegrad_engine.program import Program
from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.errors import DigestError, LimitError, ProgramNotFoundError
from telegrad_proto.payload import digest_of


class ProgramStore:
    """The programs of a process; safe to use from any thread.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
        limit_bytes: of all programs together; the one that was added last is kept in any case.
        call_bytes: how much one call may hold in memory; 0: no bound.
        gauge: counts the calls, where somebody watches over the process.
    """

    def __init__(
        self,
        device: str = "cpu",
        *,
        limit_bytes: int = 1024**3,
        call_bytes: int = 0,
        gauge: Gauge | None = None,
    ) -> None:
        self._device: Final = device
        self._limit_bytes: Final = limit_bytes
        self._call_bytes: Final = call_bytes
        self._gauge: Final = gauge
        self._lock: Final = Lock()
        self._programs: Final[OrderedDict[bytes, Program]] = OrderedDict()
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self._programs)

    def get(self, digest: bytes) -> Program:
        """The program of a digest.

        Raises:
            ProgramNotFoundError: it is not here, or not any more: it has to be sent along.
        """
        with self._lock:
            found = self._programs.get(digest)
            if found is None:
                raise ProgramNotFoundError(f"no program {digest.hex()[:16]} here: send it along")
            self._programs.move_to_end(digest)
            return found

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._programs.clear()
            self._held_bytes = 0

    def add(self, raw: bytes | memoryview, digest: bytes) -> Program:
        """The program in these bytes, known from here on.

        Raises:
            DigestError: its digest is another.
            LimitError: it alone is larger than all programs may be.
            TelegradError: it is no program; as `Blueprint.from_bytes`.
        """
        if digest_of(raw) != digest:
            raise DigestError("program: its bytes do not have the digest under which they were sent")
        if len(raw) > self._limit_bytes:
            raise LimitError(
                f"program: this server keeps {self._limit_bytes} bytes of programs, got one of {len(raw)}"
            )
        with self._lock:
            found = self._programs.get(digest)
        if found is not None:
            return found
        made = Program.from_bytes(raw, device=self._device, limit_bytes=self._call_bytes, gauge=self._gauge)
        with self._lock:
            if digest not in self._programs:
                self._programs[digest] = made
                self._held_bytes += made.size_bytes
            while self._held_bytes > self._limit_bytes:
                _, gone = self._programs.popitem(last=False)
                self._held_bytes -= gone.size_bytes
            return self._programs[digest]
