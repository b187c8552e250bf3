"""Servers that tests kill: started on a port that stays the same, ended by their own process id only."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from tests.places import BIN, END_S, READY_S, free_port

LOOPBACK: Final = "127.0.0.1"
PROGRAM: Final = (str(BIN / "telegrad-server"),)


class Server:
    """A telegrad-server that can be killed and started again at the same address.

    Args:
        arguments: more of the command line.
        port: where it listens; by default a free port.
        environment: variables beside this process's own.
        program: what is run; by default telegrad-server.
        host: where it listens; off loopback, anybody may come.

    Attributes:
        environment: all of its variables, from its next start on.
    """

    def __init__(
        self,
        *arguments: str,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = PROGRAM,
        host: str = LOOPBACK,
    ) -> None:
        self.port: Final = free_port() if port is None else port
        self._host = host
        self._arguments = arguments if host == LOOPBACK else ("--host", host, "--insecure", *arguments)
        self._program = program
        self.environment = {**os.environ, **(environment or {})}
        self._folder = tempfile.TemporaryDirectory(prefix="tg-")
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._process is not None, "started"
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether its process has ended by itself, and `wait` would give its status."""
        return self._process is not None and self._process.poll() is not None

    @property
    def said(self) -> str:
        """What it wrote to stderr, over all its lives."""
        return Path(self._folder.name, "stderr").read_text()

    @property
    def names(self) -> list[str]:
        """What the worker in it called itself, over all its lives; it says so with `-v`."""
        return re.findall(r"worker (\w+) serves", self.said)

    def begin(self) -> None:
        """Starts it, without waiting."""
        with Path(self._folder.name, "stderr").open("a") as sink:
            self._process = subprocess.Popen(
                [*self._program, "--port", str(self.port), *self._arguments],
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
                cwd=self._folder.name,
                env=self.environment,
            )

    def ready(self) -> None:
        """Waits until it listens."""
        assert self._process is not None, "started"
        assert self._process.stdout is not None, "captured"
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            selector.select(READY_S)
        assert self._process.stdout.readline(), f"telegrad-server does not start:\n{self.said}"

    def start(self) -> Self:
        """Starts it, and waits until it listens."""
        self.begin()
        self.ready()
        return self

    def signal(self, number: signal.Signals) -> None:
        """Sends its process a signal; a stopped one stands still when this returns."""
        os.kill(self.pid, number)
        if number == signal.SIGSTOP:
            # A busy machine may let it answer for a while yet.
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(END_S)
            assert self._process.stdout is not None, "captured"
            self._process.stdout.close()
            self._process = None

    def restart(self) -> None:
        """SIGKILL, and another process at the same address."""
        self.kill()
        self.start()

    def revive(self, environment: Mapping[str, str]) -> threading.Thread:
        """Starts it again, with these variables, when it has ended by itself; the thread that does so."""
        process = self._process
        assert process is not None, "started"
        assert process.stdout is not None, "captured"
        stdout = process.stdout

        def run() -> None:
            process.wait()
            stdout.close()
            self.environment = {**os.environ, **environment}
            self.start()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def wait(self) -> int:
        """The exit status, once it has ended by itself."""
        assert self._process is not None, "started"
        status = self._process.wait(END_S)
        assert self._process.stdout is not None, "captured"
        self._process.stdout.close()
        self._process = None
        return status

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)
        self.kill()
        self._folder.cleanup()
