"""A session whose stream was lost is kept while nobody waits for it: else its lease would end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from telegrad.transport.connection import Stream
from telegrad_proto.errors import ServerUnavailableError, TelegradError

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0


class Keeper:
    """Has lost streams opened again, until it is closed.

    Args:
        ensure: opens a stream in the place of a lost one, unless somebody has.

    Attributes:
        lease_s: how long the server keeps a session without a stream; after that there is nothing to keep.
    """

    def __init__(self, ensure: Callable[[Stream], object]) -> None:
        self.lease_s = 0.0
        self._ensure: Final = ensure
        self._closing: Final = threading.Event()

    def keep(self, lost: Stream) -> None:
        """Begins to try, in a thread of its own.

        Who waits for an outcome meanwhile does the same; the first to do it serves both.
        """
        thread = threading.Thread(target=self._try, args=(lost,), name="telegrad-keep", daemon=True)
        thread.start()

    def close(self) -> None:
        """Gives up."""
        self._closing.set()

    def _try(self, lost: Stream) -> None:
        deadline = time.monotonic() + self.lease_s
        pause = _FIRST_PAUSE_S
        while not self._closing.wait(pause) and time.monotonic() < deadline:
            try:
                self._ensure(lost)
                return
            except ServerUnavailableError:
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            except TelegradError:
                return  # the session is gone: who next uses it is told
