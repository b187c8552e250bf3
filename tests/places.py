"""The three places that compute gradients, as a fixture: in this process, on a server, on Ray."""

from __future__ import annotations

import os
import random
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Final

import pytest

BIN: Final = Path(sys.executable).parent

#: Ray itself takes some seconds to start; on a busy machine many.
READY_S: Final = 90
END_S: Final = 60


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has, for somebody who binds it later, perhaps again and again.

    None of those that the system hands out: neither a client's end of a connection nor a server at port 0 can
    take it meanwhile; nor of those that Ray gives its workers.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((host, port))
            return port
    raise OSError(f"a hundred ports of {host} are taken")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session's engine is.

    Attributes:
        name: embedded, standalone or ray.
        address: "host:port"; None for embedded.
        pid: the process that serves there; None for embedded.
    """

    name: str
    address: str | None
    pid: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead another process there."""
        return {} if self.address is None else {"TELEGRAD_ADDRESS": self.address}


def _first_line(process: subprocess.Popen[str], stream: IO[str], errors: Path) -> str:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        ready = selector.select(READY_S)
    line = stream.readline() if ready else ""
    if not line:
        state = f"ended with {process.wait(END_S)}" if ready else f"said nothing in {READY_S} s"
        raise RuntimeError(f"telegrad-server {state}:\n{errors.read_text()}")
    return line


@cache
def _with_us() -> tuple[str, ...]:
    """What runs a command so that it is told to end when we are gone; its process id stays. Empty: not here.

    A killed pytest runs no `finally`, and its servers would stay.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    command = (setpriv, "--pdeathsig", "TERM")
    # Small or old ones do not know the option.
    tried = subprocess.run((*command, "true"), capture_output=True, check=False)
    return () if tried.returncode else command


@contextmanager
def serving(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """The address and process id of a telegrad-server on a free port; it ends with the block.

    Args:
        arguments: more of the command line.
        environment: variables beside this process's own.
    """
    # The signal comes when the thread that started the server ends; only the main one lasts as long as we.
    mortal = _with_us() if threading.current_thread() is threading.main_thread() else ()
    with tempfile.TemporaryDirectory(prefix="tg-") as folder:
        errors = Path(folder) / "stderr"
        with errors.open("w") as sink:
            process = subprocess.Popen(
                [*mortal, str(BIN / "telegrad-server"), "--port", "0", *arguments],
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
                cwd=folder,
                env={**os.environ, **(environment or {})},
            )
        assert process.stdout is not None
        with process.stdout as stream:
            try:
                yield _first_line(process, stream, errors).split()[-1], process.pid
            finally:
                process.terminate()
                try:
                    status = process.wait(END_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    status = process.wait(END_S)
        said = errors.read_text()
    assert status == 0, f"telegrad-server ended with {status}:\n{said}"


PLACES: Final = ("embedded", "standalone", pytest.param("ray", marks=pytest.mark.ray))


@pytest.fixture(scope="session", params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each of the three places in turn; a server lives as long as the tests that share it."""
    name: str = request.param
    if name == "embedded":
        yield Place(name, None)
        return
    with serving(*(["--ray", "--workers", "1"] if name == "ray" else [])) as (address, pid):
        yield Place(name, address, pid)
