"""A gateway's link to the process that speaks with Ray in its stead.

Ray ends every process that takes part in a cluster whose head is gone. So a gateway does not take part: a
child does, answers the gateway's questions about the cluster, and is started again when it ends, until
there is a cluster again. A question and its answer are a line of JSON each.
"""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, Final

from telegrad_server.core.restarting import Restarting

_log = logging.getLogger("telegrad.server")

_PROGRAM: Final = (sys.executable, "-m", "telegrad_server.cluster.agent")

#: How long a start may take: Ray's own, and that of a worker, on a busy machine.
_BEGIN_S: Final = 180.0

#: A child that owes an answer for so long hangs: it has a deadline for everything that it asks Ray.
_HUNG_S: Final = 60.0

#: How long one that found no cluster may take to tidy up.
_TIDY_S: Final = 5.0

#: So many questions may be open.
_MAX_OPEN: Final = 64


class LinkError(Exception):
    """Ray does not answer, with the reason."""


class _Child:
    """One life of the process, and the questions that it owes answers to."""

    def __init__(self, program: Sequence[str], opening: Mapping[str, Any]) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                # Of its own session: Ctrl-C and the like are for the gateway, which then ends it in order.
                # What Ray prints to stdout goes where all messages go.
                self.process = subprocess.Popen(  # noqa: S603  # this very package, by this very interpreter
                    [*program, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=2,
                    start_new_session=True,
                )
        except BaseException:
            self._socket.close()
            raise
        self._socket.settimeout(_BEGIN_S)
        self._lines = self._socket.makefile(encoding="utf-8")
        self._sending = threading.Lock()
        self._open: dict[int, tuple[float, Future[Any]]] = {}
        self._numbered = 0
        self._over = False
        with suppress(OSError):  # it has ended at once, which `first` says
            self._send(opening)

    def first(self) -> Mapping[str, Any]:
        """What it says when it is ready, or why it cannot be."""
        try:
            line = self._lines.readline()
        except TimeoutError:
            return {"refused": f"Ray gave no sign of life within {_BEGIN_S:g} s"}
        except OSError:
            line = ""
        self._socket.settimeout(None)
        # Without its end of line it is what a killed process had sent so far.
        said: Mapping[str, Any] = json.loads(line) if line.endswith("\n") else {"refused": self._ending()}
        return said

    def carry(self) -> str:
        """Carries answers until the process ends; why it ended."""
        with suppress(OSError):
            for line in self._lines:
                if not line.endswith("\n"):
                    break  # what a killed process had sent of its last answer
                reply = json.loads(line)
                with self._sending:
                    owed = self._open.pop(reply["id"], None)
                if owed is None:
                    continue  # `end` has told
                future = owed[1]
                with suppress(InvalidStateError):  # nobody waits for it any more
                    if "error" in reply:
                        future.set_exception(LinkError(reply["error"]))
                    else:
                        future.set_result(reply["answer"])
        return self._ending()

    def ask(self, name: str, arguments: Sequence[object]) -> Future[Any]:
        """The answer to come."""
        future: Future[Any] = Future()
        now = time.monotonic()
        with self._sending:
            oldest = next(iter(self._open.values()), None)
            if oldest is not None and now - oldest[0] > _HUNG_S:
                self.process.kill()
            if self._over or len(self._open) >= _MAX_OPEN:
                future.set_exception(LinkError("Ray does not answer"))
                return future
            self._numbered += 1
            self._open[self._numbered] = (now, future)
            with suppress(OSError):  # it has ended, which `carry` tells whoever waits
                self._send({"id": self._numbered, "ask": name, "arguments": list(arguments)})
        return future

    def end(self, timeout_s: float = 0.0) -> None:
        """Ends the process: it may take so long to do it in order."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with self._sending:
            self._over = True
            for _, future in self._open.values():
                with suppress(InvalidStateError):
                    future.set_exception(LinkError("the process that speaks with Ray ended"))
            self._open.clear()

    def close(self) -> None:
        """Lets go of the link's own end."""
        self._lines.close()
        self._socket.close()

    def _ending(self) -> str:
        self.process.kill()
        return f"the process that speaks with Ray ended with {self.process.wait()}"

    def _send(self, message: Mapping[str, Any]) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")


class Link:
    """Keeps a child running and passes questions on. Its methods may be called from any thread.

    Args:
        opening: what each child is told first.
        program: the child's command line; the number of its end of the link is added.
    """

    def __init__(self, opening: Mapping[str, Any], program: Sequence[str] = _PROGRAM) -> None:
        self._opening = opening
        self._program = program
        self._child: _Child | None = None
        self._ready = False
        self._trouble = ""
        self._begun: Future[Mapping[str, Any]] = Future()
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="telegrad-link", daemon=True)

    @property
    def trouble(self) -> str:
        """Why there is no Ray to be asked at the moment; empty where there is."""
        return self._trouble

    def begin(self) -> Mapping[str, Any]:
        """Starts the first child; what it says when it is ready.

        Raises:
            RuntimeError: it could not be, with the reason.
        """
        self._keeper.start()
        return self._begun.result()

    def ask(self, name: str, *arguments: object) -> Future[Any]:
        """The answer to come; it may also be a LinkError."""
        child = self._child
        if child is None or not self._ready:
            future: Future[Any] = Future()
            future.set_exception(LinkError(self._trouble or "Ray is not there yet"))
            return future
        return child.ask(name, arguments)

    def close(self, timeout_s: float) -> None:
        """Ends the child, which may take so long to leave the cluster in order."""
        self._closing.set()
        child = self._child
        if child is not None:
            child.end(timeout_s)
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep(self) -> None:
        restarting = Restarting()
        while not self._closing.is_set():
            try:
                child = self._child = _Child(self._program, self._opening)
            except OSError as error:  # no process or no socket left for it: perhaps later
                trouble = f"no process can be started that speaks with Ray: {error}"
                if not self._begun.done():
                    self._begun.set_exception(RuntimeError(trouble))
                    return
                self._pause(restarting, trouble)
                continue
            if self._closing.is_set():  # meanwhile: `close` has not seen this one
                child.end()
            said = child.first()
            reason = said.get("refused")
            if reason is None:
                restarting.ready(time.monotonic())
                if self._trouble:
                    _log.warning("Ray answers again")
                self._trouble, self._ready = "", True
                if not self._begun.done():
                    self._begun.set_result(said)
                reason = child.carry()
            self._ready = False
            child.end(_TIDY_S)
            child.close()
            if not self._begun.done():
                self._begun.set_exception(RuntimeError(reason))
                return
            if self._closing.is_set():
                return
            self._pause(restarting, str(reason))

    def _pause(self, restarting: Restarting, reason: str) -> None:
        self._trouble = reason
        pause_s = restarting.ended(time.monotonic())
        _log.warning("Ray cannot be asked: %s; the next try in %g s", reason, pause_s)
        self._closing.wait(pause_s)
