"""Where programs are called: on the server of the current connection, or in this process."""

from __future__ import annotations

import atexit
from threading import Lock
from typing import TYPE_CHECKING, Final

from telegrad.config import EMBEDDED, current_session, endpoint

if TYPE_CHECKING:
    from telegrad.transport.calls import Calls

_lock: Final = Lock()
_known: dict[tuple[str, str | None], Calls] = {}


def current_calls() -> Calls:
    """The way to where the current session computes; kept as long as no other is asked for.

    Raises:
        ServerUnavailableError: the engine is to be this process's, and is not installed.
    """
    session = current_session()
    key: tuple[str, str | None]
    if session.address == EMBEDDED:
        key = (EMBEDDED, session.device)
    else:
        key = endpoint()
    with _lock:
        found = _known.get(key)
        if found is None:
            made = _made(*key)
            # A call that still goes over the one before ends in its own time.
            _close_all()
            found = _known[key] = made
        return found


def _made(address: str, detail: str | None) -> Calls:
    if address == EMBEDDED:
        from telegrad.transport.embedded import EmbeddedCalls  # late: one of the two is enough

        return EmbeddedCalls(detail or "cpu")
    from telegrad.transport.remote import RemoteCalls  # late: gRPC takes a third of the import time

    return RemoteCalls(address, token=detail)


def forget() -> None:
    """Ends the connections; the next call makes another."""
    with _lock:
        _close_all()


def _close_all() -> None:
    for calls in _known.values():
        calls.close()
    _known.clear()


atexit.register(forget)
