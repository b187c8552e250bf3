"""Named places where a server can be made to fail on purpose, for tests. Off unless a variable names them.

    TELEGRAD_FAILPOINTS="after_compute=exit:3,snapshot_before_manifest=error"

When a fragment has been computed for the third time the process ends, without any clean-up; each time before
a manifest is written an OSError is raised. NAME=ACTION[:TIMES]: the action happens at that time of passing
only; without a number, each time. NAME=ACTION[:TIMES]@FILE: only while there is a file of that name. Actions
are exit, stop (SIGSTOP), error (an OSError), hang (this thread goes no further) and wait (no further while
there is the file).
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

_log = logging.getLogger("telegrad.server")

VARIABLE: Final = "TELEGRAD_FAILPOINTS"

#: The status of a process that was ended here: none that anything else gives.
EXIT_STATUS: Final = 86

#: What can be named, in the order in which a fragment passes.
POINTS: Final = (
    "boot",  # before the server listens
    "open",  # a stream was opened, nothing answered
    "before_apply",  # a fragment came that is to be applied
    "mid_forward",  # in the graph, and being evaluated; it has no backward request
    "mid_backward",  # the same, where it has one
    "after_compute",  # evaluated, and nowhere noted
    "before_record",  # the answer is made
    "before_send",  # noted, not sent
    "during_replay",  # a fragment that was answered before the session was lost
    "before_restore",  # a session is claimed, its snapshot not read
    "put",  # a payload is complete, and not kept
    "snapshot_before_claim",
    "snapshot_before_manifest",
    "snapshot_after_manifest",
    "snapshot_before_prune",
    "drain",  # told to end, sessions not stored
    "shard",  # of a job: about to be computed
)

#: Between two looks whether a file is still there.
_PAUSE_S: Final = 0.02


def _exit(_file: str) -> NoReturn:
    os._exit(EXIT_STATUS)


def _stop(_file: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _error(_file: str) -> NoReturn:
    raise OSError("a failure on purpose")


def _hang(_file: str) -> None:
    threading.Event().wait()


def _wait(file: str) -> None:
    while os.path.exists(file):
        threading.Event().wait(_PAUSE_S)


_ACTIONS: Final[Mapping[str, Callable[[str], object]]] = {
    "exit": _exit,
    "stop": _stop,
    "error": _error,
    "hang": _hang,
    "wait": _wait,
}


class Failpoints:
    """What is to happen at which place.

    Args:
        text: as in the variable.

    Raises:
        ValueError: a place or an action of a name that there is not.
    """

    def __init__(self, text: str = "") -> None:
        self._actions: dict[str, tuple[Callable[[str], object], int, str]] = {}
        self._passed: dict[str, int] = {}
        for part in filter(None, text.split(",")):
            name, _, rest = part.partition("=")
            rest, _, file = rest.partition("@")
            action, _, times = rest.partition(":")
            if name not in POINTS or action not in _ACTIONS or not (times or "0").isdigit():
                raise ValueError(
                    f"{VARIABLE}: {part!r} is none of NAME=ACTION[:TIMES][@FILE] with "
                    f"{', '.join(POINTS)} and {', '.join(_ACTIONS)}"
                )
            self._actions[name] = (_ACTIONS[action], int(times or 0), file)
        if self._actions:
            _log.warning("this server fails on purpose: %s", text)

    def __bool__(self) -> bool:
        return bool(self._actions)

    def reach(self, name: str) -> None:
        """Does what is to happen at a place, if anything."""
        if name not in self._actions:
            return
        action, times, file = self._actions[name]
        if file and not os.path.exists(file):
            return
        passed = self._passed[name] = self._passed.get(name, 0) + 1
        if times in (0, passed):
            _log.warning("failpoint %s, passed %d times", name, passed)
            action(file)


#: Those of this process.
FAILPOINTS: Final = Failpoints(os.environ.get(VARIABLE, ""))

#: Asked first where every fragment passes: then a place costs nothing to speak of.
FAILING: Final = bool(FAILPOINTS)

#: Does what is to happen at a place, if anything.
reach: Final = FAILPOINTS.reach
