"""The engine in this process: no network, the same messages."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Final

from telegrad.transport.base import Progress, Traffic
from telegrad.transport.watch import Watch
from telegrad_proto import __version__
from telegrad_proto.errors import ProgramNotFoundError, ProtocolError, ServerUnavailableError
from telegrad_proto.limits import INLINE_BYTES
from telegrad_proto.payload import chunks_of
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2

if TYPE_CHECKING:
    from telegrad.wire.convert import NDArray
    from telegrad_engine.session import EngineSession
    from telegrad_proto.program import Blueprint


class EmbeddedTransport:
    """A session on an engine of its own. A fragment is evaluated while it is sent, in the caller's thread.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
        progress: told about long evaluations; None for silence.
    """

    def __init__(self, device: str = "cpu", *, progress: Progress | None = None) -> None:
        self.traffic = Traffic()
        self._device = device
        self._engine: EngineSession | None = None
        self._outcomes: deque[session_pb2.Outcome] = deque()
        self._watch = Watch(progress)

    @property
    def address(self) -> str:
        return "embedded"

    def open(self) -> session_pb2.Opened:
        """Starts the session.

        Raises:
            ServerUnavailableError: the engine is not installed.
        """
        try:
            # Late: a client of a server needs no engine.
            from telegrad_engine.session import EngineSession
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith("telegrad_engine"):
                raise
            raise ServerUnavailableError(
                "to compute in this process telegrad needs its engine (pip install 'telegrad[embedded]'); "
                "to compute on a server, name it: telegrad.connect('host:port')"
            ) from None
        self._engine = EngineSession(self._device)
        return session_pb2.Opened(
            session_id="embedded",
            server_version=__version__,
            device=self._device,
            inline_limit_bytes=INLINE_BYTES,
        )

    def send(self, fragment: session_pb2.Fragment) -> int:
        """Evaluates a fragment; Ctrl-C stops it between two operators, and its outcome tells so."""
        engine = self._opened()
        size = fragment.ByteSize()
        self.traffic.fragments += 1
        self.traffic.sent_bytes += size
        seq = fragment.seq
        wait = self._watch.begin(None, lambda: None)
        try:
            with _DeferredInterrupt(lambda: engine.cancel(seq)):
                self._outcomes.append(engine.apply(fragment))
        finally:
            self._watch.end(wait)
        return size

    def receive(self, timeout_s: float | None = None) -> session_pb2.Outcome:
        """The next outcome; it is always there already."""
        if not self._outcomes:
            raise ProtocolError("receive: every fragment sent has been answered")
        outcome = self._outcomes.popleft()
        self.traffic.outcomes += 1
        self.traffic.received_bytes += outcome.ByteSize()
        return outcome

    def put(self, digest: bytes, data: memoryview) -> bool:
        """Hands over a payload that is not there yet; whether it was."""
        if not self._opened().missing([digest]):
            return False
        sink = self._opened().put(digest, data.nbytes)
        for chunk in chunks_of(data):
            sink.write(chunk)
        sink.finish()
        self.traffic.sent_bytes += data.nbytes
        return True

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        """A value: what it is, and its bytes."""
        spec, data = self._opened().get(value_id)
        self.traffic.received_bytes += data.nbytes
        return spec, data

    def missing(self, digests: Sequence[bytes]) -> list[bytes]:
        """Those of the payloads that the engine does not have."""
        return self._opened().missing(list(digests))

    def cancel(self, seq: int) -> bool:
        """Stops the evaluation of the fragment; whether it was running."""
        return self._opened().cancel(seq)

    def residuals(self) -> session_pb2.ResidualsReply:
        """What the engine keeps for later backward passes."""
        return self._opened().residuals()

    def forget(self) -> None:
        """Nothing: what is in this process ends with it."""

    def close(self) -> None:
        """Frees what the session holds."""
        self._watch.close()
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _opened(self) -> EngineSession:
        if self._engine is None:
            raise ProtocolError("the session is not open")
        return self._engine


class EmbeddedCalls:
    """Programs called in this process.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, device: str) -> None:
        from telegrad_engine.programs import ProgramStore  # late, as for a session

        self._store: Final = ProgramStore(device)

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
        """The outputs, and what the mode adds; Ctrl-C stops it between two operators."""
        from telegrad_engine.runtime.executor import Interrupt  # late, as for a session

        try:
            program = self._store.get(blueprint.digest)
        except ProgramNotFoundError:
            program = self._store.add(raw, blueprint.digest)
        interrupt = Interrupt(timeout_s or 0.0)
        count = len(blueprint.inputs)
        with _DeferredInterrupt(interrupt.cancel):
            answer = program.call(mode, arrays[:count], wrt=wrt, extra=arrays[count:], interrupt=interrupt)
        return list(answer.outputs), list(answer.gradients)

    def close(self) -> None:
        """Forgets the programs; they are known again when they are called."""
        self._store.clear()


class _DeferredInterrupt:
    """Inside, Ctrl-C calls `stop` instead of raising anywhere in the engine; KeyboardInterrupt comes after.

    Only where Ctrl-C would raise KeyboardInterrupt anyway: in the main thread, with Python's own handler. A
    second Ctrl-C raises at once.
    """

    __slots__ = ("_armed", "_interrupted", "_stop")

    def __init__(self, stop: Callable[[], object]) -> None:
        self._stop = stop
        self._armed = False
        self._interrupted = False

    def __enter__(self) -> None:
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._handle)
            self._armed = True

    def __exit__(self, *_: object) -> None:
        if self._armed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._interrupted:
                raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._interrupted:
            signal.default_int_handler(number, frame)
        self._interrupted = True
        # From another thread: this one may hold the very lock that `stop` needs.
        threading.Thread(target=self._stop, name="telegrad-cancel", daemon=True).start()
