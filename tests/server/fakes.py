"""A worker over an engine that only counts: what it has applied, and a fragment that blocks until it is
cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import grpc
import numpy as np

from telegrad_proto import PROTOCOL, __version__
from telegrad_proto.channel import CHANNEL_OPTIONS, SERVICE
from telegrad_proto.dtypes import uint8
from telegrad_proto.errors import CancelledError, StructureError
from telegrad_proto.opset import OPSET
from telegrad_proto.payload import Assembly, digest_of
from telegrad_proto.spec import Spec
from telegrad_proto.status import to_status
from telegrad_proto.v1 import session_pb2, snapshot_pb2
from telegrad_server.worker.server import WorkerServer, WorkerSettings

#: Fetching one of these: waits to be cancelled; fails as a defect would; sends many bytes.
BLOCK: Final = 1_000
DEFECT: Final = 1_001
LARGE: Final = 1_002


class FakeEngine:
    """An engine without arithmetic.

    Attributes:
        applied: the numbers of the fragments that came, each as often as it came.
        restored: the arrays of the snapshot that it was made of.
        blocking: set while a fragment waits to be cancelled.
        freed: set once the session is closed.
    """

    def __init__(self) -> None:
        self.held_bytes = 0
        self.applied: list[int] = []
        self.blocking = threading.Event()
        self.freed = threading.Event()
        self.restored: list[bytes] = []
        self.payloads: dict[bytes, memoryview] = {}
        self._cancelled: dict[int, threading.Event] = {}

    @property
    def closed(self) -> bool:
        return self.freed.is_set()

    def apply(self, fragment: session_pb2.Fragment) -> session_pb2.Outcome:
        self.applied.append(fragment.seq)
        outcome = session_pb2.Outcome(seq=fragment.seq, held_bytes=len(self.applied))
        if BLOCK in fragment.fetches:
            self.blocking.set()
            self._flag(fragment.seq).wait()
            self.blocking.clear()
        if self._flag(fragment.seq).is_set():
            outcome.error.CopyFrom(to_status(CancelledError("stopped on request")))
        if DEFECT in fragment.fetches:
            raise ZeroDivisionError("secret detail")
        for _ in range(list(fragment.fetches).count(LARGE)):
            outcome.values.add(id=LARGE, data=bytes(1_000_000))
        return outcome

    def _flag(self, seq: int) -> threading.Event:
        return self._cancelled.setdefault(seq, threading.Event())

    def cancel(self, seq: int) -> bool:
        self._flag(seq).set()
        return self.blocking.is_set()

    def put(self, digest: bytes, size_bytes: int) -> FakeSink:
        return FakeSink(self, digest, size_bytes)

    def missing(self, digests: list[bytes]) -> list[bytes]:
        return [digest for digest in digests if digest not in self.payloads]

    def get(self, value_id: int) -> tuple[Spec, memoryview]:
        if value_id > 10_000_000:
            raise StructureError(f"get: value {value_id} is released or never defined")
        data = np.arange(value_id, dtype=np.uint8)
        return Spec((value_id,), uint8), data.data if value_id else memoryview(b"")

    def residuals(self) -> session_pb2.ResidualsReply:
        return session_pb2.ResidualsReply(held_bytes=len(self.applied))

    def capture(self) -> FakeCaptured:
        return FakeCaptured(len(self.applied))

    def restore(self, graph: snapshot_pb2.StoredGraph, read: Callable[[bytes], bytes]) -> None:
        self.restored = [read(array.digest) for array in graph.arrays]

    def close(self) -> None:
        self.freed.set()


class FakeCaptured:
    """An array that all snapshots have, and one that tells how many fragments were applied."""

    def __init__(self, count: int) -> None:
        self.graph = snapshot_pb2.StoredGraph(last_id=count)
        self._count = count

    def blobs(self) -> Iterator[tuple[snapshot_pb2.StoredArray, Callable[[], memoryview]]]:
        for data in (b"the same", b"%d applied" % self._count):
            message = snapshot_pb2.StoredArray(digest=digest_of(data), size_bytes=len(data))
            yield message, partial(_view, data)


class FakeSink:
    def __init__(self, engine: FakeEngine, digest: bytes, size_bytes: int) -> None:
        self._engine = engine
        self._assembly = Assembly(size_bytes, digest)

    def write(self, data: bytes | memoryview) -> None:
        self._assembly.write(data)

    def finish(self) -> None:
        self._engine.payloads[self._assembly.digest] = self._assembly.finish()


class FakeWorker:
    """A listening worker, its address, and the engines of its sessions in the order of their making."""

    def __init__(self, left: Callable[[], object] = lambda: None, **settings: Any) -> None:
        self.engines: list[FakeEngine] = []
        self.server = WorkerServer(WorkerSettings(**settings), self._make, left=left)
        self.address = self.server.start()

    def _make(self) -> FakeEngine:
        self.engines.append(FakeEngine())
        return self.engines[-1]


class Hands:
    """Starts workers of a cluster in this process.

    Attributes:
        workers: those that live, by name.
        broken: says so instead of starting one.
    """

    def __init__(self) -> None:
        self.workers: dict[str, FakeWorker] = {}
        self.spares: list[str] = []
        self.broken = False

    async def start(self, name: str, *, spare: bool) -> str:
        if self.broken:
            raise RuntimeError("a long traceback\nRuntimeError: no CuPy here")
        worker = self.workers[name] = FakeWorker(left=lambda: self.end(name))
        self.spares += [name] * spare
        return worker.address

    async def kill(self, name: str) -> None:
        self.end(name)

    def end(self, name: str) -> None:
        worker = self.workers.pop(name, None)
        if worker is not None:
            worker.server.stop()


@contextmanager
def fake_worker(**settings: Any) -> Iterator[FakeWorker]:
    """A worker on a free port of loopback, until the block ends."""
    worker = FakeWorker(**settings)
    try:
        yield worker
    finally:
        worker.server.stop()


@contextmanager
def raw_channel(address: str) -> Iterator[grpc.Channel]:
    """A channel for clients that do what ours would not."""
    with grpc.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        yield channel


def opening(session_id: str = "", **changed: Any) -> session_pb2.Request:
    """A valid Open message, but for what is changed."""
    fields: dict[str, Any] = {
        "protocol": PROTOCOL,
        "opset_digest": OPSET.digest,
        "client_version": __version__,
        "session_id": session_id,
    }
    return session_pb2.Request(open=session_pb2.Open(**{**fields, **changed}))


def fragment(seq: int, *fetches: int, **fields: Any) -> session_pb2.Request:
    return session_pb2.Request(fragment=session_pb2.Fragment(seq=seq, fetches=fetches, **fields))


CLOSE: Final = session_pb2.Request(close=session_pb2.Close())


def converse(
    channel: grpc.Channel, requests: Sequence[session_pb2.Request | bytes], metadata: Any = ()
) -> list[session_pb2.Reply]:
    """The replies to a whole conversation.

    Raises:
        grpc.RpcError: the server ended it.
    """
    raw = [r if isinstance(r, bytes) else r.SerializeToString() for r in requests]
    attach: Any = channel.stream_stream(f"/{SERVICE}/Attach")
    call = attach(iter(raw), metadata=metadata)
    return [session_pb2.Reply.FromString(reply) for reply in call]


def _view(data: bytes) -> memoryview:
    return memoryview(data)
