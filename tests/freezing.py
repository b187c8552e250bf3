"""Processes that are frozen for sure."""

from __future__ import annotations

import os
import signal


def freeze(pid: int) -> None:
    """Stops a child process of this one; once it returns, no thread of it runs.

    The signal alone is not enough: it takes effect when a thread of the process next runs, and until then, on
    a busy machine, another may still answer.
    """
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED)
