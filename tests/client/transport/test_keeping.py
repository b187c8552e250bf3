"""Lost streams are opened again while nobody waits."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from telegrad.transport.connection import Stream
from telegrad.transport.keeping import Keeper
from telegrad_proto.errors import ServerUnavailableError, SessionExpiredError, TelegradError

LOST = cast(Stream, object())


class Server:
    """Answers the tries to open a stream, in turn; the last answer is given again and again."""

    def __init__(self, *answers: TelegradError | None) -> None:
        self.tries = 0
        self._answers = answers

    def ensure(self, lost: Stream) -> None:
        assert lost is LOST
        answer = self._answers[min(self.tries, len(self._answers) - 1)]
        self.tries += 1
        if answer is not None:
            raise answer


def kept(keeper: Keeper) -> None:
    """Keeps, to the end of it."""
    before = set(threading.enumerate())
    keeper.keep(LOST)
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


def test_it_tries_until_the_server_is_there() -> None:
    server = Server(ServerUnavailableError("gone"), ServerUnavailableError("gone"), None)
    keeper = Keeper(server.ensure)
    keeper.lease_s = 3600.0
    kept(keeper)
    assert server.tries == 3


@pytest.mark.parametrize(("lease_s", "tries"), [(3600.0, 1), (0.0, 0)])
def test_it_ends_where_the_session_is_gone_or_its_lease_over(lease_s: float, tries: int) -> None:
    server = Server(SessionExpiredError("expired"))
    keeper = Keeper(server.ensure)
    keeper.lease_s = lease_s
    kept(keeper)
    assert server.tries == tries


def test_once_closed_it_gives_up() -> None:
    server = Server(ServerUnavailableError("gone"))
    keeper = Keeper(server.ensure)
    keeper.lease_s = 3600.0
    keeper.close()
    kept(keeper)
    assert server.tries == 0
