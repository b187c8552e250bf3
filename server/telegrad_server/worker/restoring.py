"""Makes a session again that was lost with its worker: from a snapshot, and what its client sends again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from telegrad_proto.errors import ServerUnavailableError, TelegradError
from telegrad_proto.v1 import snapshot_pb2
from telegrad_server.core.epochs import next_epoch, starting_seq
from telegrad_server.core.sequencing import Record, Sequencer
from telegrad_server.core.sessions import RestoreSession
from telegrad_server.failpoints import reach
from telegrad_server.worker.session import Engine, WorkerSession

if TYPE_CHECKING:  # a server without a store needs nothing to reach one with
    from telegrad_server.worker.store import SnapshotStore

_log = logging.getLogger("telegrad.server")


class Restorer:
    """Takes sessions up.

    Args:
        make_engine: an empty engine session.
        store: where snapshots are, if anywhere.
        worker: what the worker calls itself.
    """

    def __init__(
        self, make_engine: Callable[[], Engine], store: SnapshotStore | None = None, worker: str = ""
    ) -> None:
        self._make_engine = make_engine
        self._store = store
        self._worker = worker

    def is_leftover(self, live: WorkerSession) -> bool:
        """Whether the session that lives here was taken up elsewhere."""
        try:
            newest = None if self._store is None else self._store.newest_claim(live.key)
        except Exception as error:  # noqa: BLE001  # a store of many kinds: whether it is cannot be known now
            _log.info("the store does not answer: %s", error)
            return False
        return newest is not None and newest[0] > live.epoch

    def restore(self, command: RestoreSession) -> WorkerSession:
        """The session, as far as it can be made without its client.

        Raises:
            StaleEpochError: somebody else has it since.
            SessionNotFoundError: something of it is missing.
            ServerUnavailableError: somebody else takes it up right now.
        """
        opening, known = command.opening, command.known
        newest = (known.epoch, known.client_id) if known else (0, b"")
        if self._store is None:
            session = self._from_nothing(command, newest)
        else:
            try:
                session = self._from_store(self._store, command, newest)
            except TelegradError:
                raise
            except Exception as error:  # a store of many kinds fails in many ways
                if opening.journal_seq != 1:
                    raise ServerUnavailableError(
                        f"session {opening.session_id}: the store does not answer ({type(error).__name__})"
                    ) from error
                session = self._from_nothing(command, newest)  # its client has all of it
        _log.info(
            "session %s is taken up: epoch %d, from fragment %d on",
            session.session_id,
            session.epoch,
            session.applied_seq + 1,
        )
        return session

    def _from_nothing(self, command: RestoreSession, newest: tuple[int, bytes]) -> WorkerSession:
        opening = command.opening
        epoch = next_epoch(opening, *newest)
        starting_seq(opening, None)
        return WorkerSession(
            command.session_id, self._make_engine(), epoch=epoch, client_id=opening.client_id
        )

    def _from_store(
        self, store: SnapshotStore, command: RestoreSession, newest: tuple[int, bytes]
    ) -> WorkerSession:
        opening = command.opening
        key = opening.key
        claimed = store.newest_claim(key)
        if claimed is not None and claimed[0] >= newest[0]:
            newest = (claimed[0], claimed[1].client_id)
        epoch = next_epoch(opening, *newest)
        base = store.newest_snapshot(key)
        seq = starting_seq(opening, None if base is None else base[1])
        claim = snapshot_pb2.StoredClaim(worker=self._worker, client_id=opening.client_id)
        if base is not None:
            claim.base_epoch, claim.base_seq = base
        try:
            store.claim(key, epoch, claim)
        except FileExistsError:
            raise ServerUnavailableError(
                f"session {opening.session_id}: another worker takes it up"
            ) from None
        reach("before_restore")
        engine = self._make_engine()
        sequencer, notes = None, b""
        try:
            if base is not None:
                snapshot = store.load(key, *base)
                engine.restore(snapshot.graph, partial(store.read, key, base[0]))
                records = [Record(stored.digest, stored.outcome) for stored in snapshot.outcomes]
                notes = snapshot.notes
                sequencer = Sequencer.resumed(seq, records)
        except BaseException:
            engine.close()
            raise
        return WorkerSession(
            command.session_id,
            engine,
            epoch=epoch,
            client_id=opening.client_id,
            sequencer=sequencer,
            durable_seq=seq,
            notes=notes,
        )
