"""How a server process ends: told once, in order, and never a second time."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType

_log = logging.getLogger("telegrad.server")


class EndingSignal:
    """SIGTERM or SIGINT, waited for. Ctrl-C after that ends the process at once.

    Once the end has begun SIGTERM is ignored, to the process's last instruction: a supervisor that says it
    twice must not turn an orderly end into a killed process.

    Args:
        told: called once, in the main thread between two of its instructions, when the end begins.
    """

    def __init__(self, told: Callable[[], object] | None = None) -> None:
        self._told = told
        self._begun = False
        # Of all that a thread can wait for this alone may be filled from a signal's handler: an Event's lock
        # may be held by the very code that the signal came into.
        self._end: SimpleQueue[None] = SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def wait(self) -> None:
        """Returns when the process is to end."""
        self._end.get()
        _log.info("shutting down")

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._begun:
            if number == signal.SIGINT:
                os._exit(128 + number)
            return
        # The interpreter gives Python's handlers back to the system before it has ended, but leaves this.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # Nothing is written here: the signal may have come in the middle of a write.
        self._begun = True
        self._end.put(None)
        if self._told is not None:
            self._told()


def end_hard_after(seconds: float) -> threading.Timer:
    """Ends the process if its own end hangs, in an operator that cannot be stopped; the timer, to call it
    off.
    """

    def end() -> None:
        sys.stderr.write("telegrad-server: did not end in time\n")
        sys.stderr.flush()
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer
