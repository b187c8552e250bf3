"""Makes a session again that was lost with its worker: from a snapshot, and what its client sends again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from telegrad_server.core.epochs import next_epoch, starting_seq
from telegrad_server.core.sessions import RestoreSession
from telegrad_server.worker.session import Engine, WorkerSession

_log = logging.getLogger("telegrad.server")


class Restorer:
    """Takes sessions up.

    Args:
        make_engine: an empty engine session.
    """

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._make_engine = make_engine

    def restore(self, command: RestoreSession) -> WorkerSession:
        """The session, as far as it can be made without its client.

        Raises:
            StaleEpochError: somebody else has it since.
            SessionNotFoundError: something of it is missing.
        """
        opening, known = command.opening, command.known
        newest, client_id = (known.epoch, known.client_id) if known else (0, b"")
        epoch = next_epoch(opening, newest, client_id)
        seq = starting_seq(opening, None)
        session = WorkerSession(command.session_id, self._make_engine(), epoch=epoch)
        _log.info("session %s is taken up: epoch %d, from fragment %d on", session.session_id, epoch, seq + 1)
        return session
