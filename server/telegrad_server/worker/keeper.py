"""Keeps the store up to date: looks at all sessions a few times a second, and stores those that are due."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from telegrad_proto.v1 import snapshot_pb2
from telegrad_server.core.snapshotting import Policy, Progress, is_due
from telegrad_server.worker.session import WorkerSession

if TYPE_CHECKING:  # a server without a store needs nothing to reach one with
    from telegrad_server.worker.store import SnapshotStore

_log = logging.getLogger("telegrad.server")

_LOOK_S: Final = 0.25
_SWEEP_S: Final = 600.0

#: How long a look waits for a session that computes; it comes again.
_WAIT_S: Final = 0.2
#: The same where the worker is about to end.
_LAST_WAIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Durability:
    """How sessions are made to outlive their worker.

    Attributes:
        store: where they are stored.
        policy: when.
        keep_s: how long what nobody uses stays in the store.
    """

    store: SnapshotStore
    policy: Policy
    keep_s: float


class Keeper:
    """Stores the sessions of one worker, in a thread of its own.

    Args:
        durability: where, when, how long.
        worker: what the worker calls itself.
        sessions: those that live here, each with whether a client is attached.
        fence: told the id of a session that was taken up elsewhere.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        durability: Durability,
        worker: str,
        sessions: Callable[[], Iterable[tuple[WorkerSession, bool]]],
        fence: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store: Final = durability.store
        self._worker = worker
        self._sessions = sessions
        self._fence = fence
        self._policy = durability.policy
        self._keep_s = durability.keep_s
        self._clock = clock
        self._lock = threading.Lock()  # one session is stored at a time
        self._wake = threading.Event()
        self._stopped = False
        self._progress: dict[tuple[str, int], Progress] = {}
        self._claimed: set[tuple[str, int]] = set()
        self._closed: deque[tuple[str, int]] = deque()
        self._ailing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to look."""
        self._thread = threading.Thread(target=self._watch, name="telegrad-snapshots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends, after what is being stored."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._forget_closed()

    def hurry(self) -> None:
        """Looks now: a client has gone, or asked."""
        self._wake.set()

    def closed(self, session_id: str, epoch: int) -> None:
        """Its client is done with the session for good: soon it is gone from the store too."""
        self._closed.append((session_id.partition(".")[2], epoch))
        self._wake.set()

    def _forget_closed(self) -> None:
        while self._closed:
            key, epoch = self._closed.popleft()
            with self._lock:
                try:
                    newest = self.store.newest_claim(key)
                    if newest is not None and newest[0] <= epoch:
                        self.store.forget(key)
                except Exception:  # noqa: BLE001  # a store of many kinds; the sweep comes later
                    _log.info("session %s stays in the store for now", key, exc_info=True)

    def store_all(self) -> int:
        """Stores every session that has anything new, now; how many there were. For a worker that ends."""
        count = 0
        for session, _ in list(self._sessions()):
            if session.applied_seq > session.durable_seq:
                count += self._store(session, _LAST_WAIT_S)
        return count

    def look(self) -> None:
        """Stores what is due."""
        living = list(self._sessions())
        now = self._clock()
        known = {(session.key, session.epoch) for session, _ in living}
        for gone in self._progress.keys() - known:
            del self._progress[gone]
            self.store.let_go(*gone)
        self._claimed &= known
        for session, attached in living:
            before = self._progress.setdefault((session.key, session.epoch), Progress(0, 0, now))
            progress = replace(
                before,
                applied_seq=session.applied_seq,
                stored_seq=session.durable_seq,
                wanted=session.snapshot_wanted or not attached,
            )
            if is_due(progress, self._policy, now) and not self._stopped:
                self._store(session, _WAIT_S)

    def _watch(self) -> None:
        swept_s = self._clock() - _SWEEP_S
        while not self._stopped:
            self._wake.wait(_LOOK_S)
            self._wake.clear()
            self._forget_closed()
            self.look()
            if self._clock() - swept_s >= _SWEEP_S:
                swept_s = self._clock()
                self._sweep()

    def _sweep(self) -> None:
        try:
            for key in self.store.sweep(self._keep_s):
                _log.info("session %s is forgotten: nobody wanted it for %g s", key, self._keep_s)
        except Exception:  # noqa: BLE001  # a store of many kinds; the next time may do
            _log.info("the store could not be swept", exc_info=True)

    def _store(self, session: WorkerSession, wait_s: float) -> bool:
        """Stores a session; whether it is stored."""
        name = (session.key, session.epoch)
        with self._lock:
            try:
                if not self._owns(session):
                    self._fence(session.session_id)
                    return False
                found = session.capture(wait_s)
                if found is None:
                    return False
                session.snapshot_wanted = False
                snapshot, captured = found
                written = self.store.save(snapshot, captured.blobs())
                if not self._owns(session):
                    self._fence(session.session_id)  # meanwhile: what was written stands in the older epoch
                    return False
                session.durable_seq = snapshot.seq
                self.store.prune(session.key, session.epoch)
            except Exception as error:  # noqa: BLE001  # a store of many kinds fails in many ways: sessions go on
                self._progress[name] = Progress(0, 0, self._clock(), failed=True)
                self._tell(error)
                return False
            self._progress[name] = Progress(0, 0, self._clock())
            if self._ailing:
                self._ailing = False
                _log.warning("snapshots are stored again at %s", self.store.url)
            _log.debug("session %s stored up to %d: %d bytes", session.session_id, snapshot.seq, written)
            return True

    def _owns(self, session: WorkerSession) -> bool:
        """Whether the session's epoch is still the last; claims it where that is new."""
        newest = self.store.newest_claim(session.key)
        if newest is not None and newest[0] > session.epoch:
            _log.warning("session %s was taken up elsewhere (epoch %d)", session.session_id, newest[0])
            return False
        name = (session.key, session.epoch)
        if name not in self._claimed:
            if newest is not None and newest[0] == session.epoch:
                if newest[1].worker != self._worker:
                    return False
                self._claimed.add(name)  # when it was taken up
                return True
            claim = snapshot_pb2.StoredClaim(worker=self._worker, client_id=session.client_id)
            base = self.store.newest_snapshot(session.key)
            if base is not None:
                claim.base_epoch, claim.base_seq = base
            try:
                self.store.claim(session.key, session.epoch, claim)
            except FileExistsError:
                return False
            self._claimed.add(name)
        return True

    def _tell(self, error: Exception) -> None:
        if self._ailing:
            return
        self._ailing = True
        _log.warning(
            "snapshots cannot be stored at %s (%s: %s): sessions go on, losing a worker costs more",
            self.store.url,
            type(error).__name__,
            error,
        )
