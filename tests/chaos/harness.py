"""What the chaos tests share: a fleet that can be broken, and runs whose every bit is known."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import telegrad
from telegrad.recording.session import Session
from telegrad.transport.grpc import GrpcTransport
from tests.integration.servers import Server
from tests.programs.running import source, with_telegrad


@dataclass(slots=True)
class Fleet:
    """A gateway and the workers behind it, each a process of its own.

    Attributes:
        address: the gateway's.
        gateway: its process.
        workers: theirs.
    """

    gateway: Server
    workers: list[Server]
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return self.gateway.address

    def holder(self, session: Session) -> Server:
        """The worker where the session lives now.

        Raises:
            LookupError: it is on its way from one to another.
        """
        assert isinstance(session.transport, GrpcTransport)
        name = session.transport._claim.session_id.partition(".")[0]
        for worker in self.workers:
            if worker.names[-1:] == [name]:
                return worker
        raise LookupError(name)


@contextmanager
def fleet(*arguments: str, workers: int = 2, first: Mapping[str, str] | None = None) -> Iterator[Fleet]:
    """A gateway with so many workers.

    Args:
        arguments: of the workers.
        workers: how many.
        first: variables of the worker that gets the first session.
    """
    servers = [Server("-v", *arguments) for _ in range(workers)]
    servers.sort(key=lambda server: server.address)  # as a gateway chooses among those that are equally idle
    servers[0].environment.update(first or {})
    for server in servers:
        server.begin()
    try:
        for server in servers:
            server.ready()
        with Server("-v", *(part for s in servers for part in ("--relay-to", s.address))) as gateway:
            yield Fleet(gateway, servers)
    finally:
        for server in servers:
            server.__exit__()


@contextmanager
def connected(address: str) -> Iterator[Session]:
    """A session of this process, ended with the block."""
    session = telegrad.connect(address, progress=False)
    try:
        yield session
    finally:
        telegrad.disconnect()


def final_state(name: str, folder: Path) -> dict[str, bytes]:
    """Every tensor that is left when one of the ten programs ends, and every gradient, to the last bit.

    Args:
        name: the program.
        folder: takes the file that is run.
    """
    file = folder / f"{name}.py"
    file.write_text(with_telegrad(source(name)))
    spec = importlib.util.spec_from_file_location(f"program_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = {}

    def look(frame: FrameType, event: str, _argument: object) -> None:
        if event == "return" and frame.f_code is module.main.__code__:
            found.update(frame.f_locals)

    sys.setprofile(look)
    try:
        found["losses"] = telegrad.tensor(module.main(), dtype=telegrad.float64)
    finally:
        sys.setprofile(None)
    state: dict[str, bytes] = {}
    for key, value in found.items():
        for part, tensor in _tensors(key, value):
            state[part] = tensor.detach().numpy().tobytes()
            if tensor.is_leaf and tensor.grad is not None:
                state[f"{part}.grad"] = tensor.grad.numpy().tobytes()
    assert "losses" in state
    return state


def _tensors(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, telegrad.Tensor):
        yield key, value
    elif isinstance(value, telegrad.nn.Module):
        yield from ((f"{key}.{name}", parameter) for name, parameter in value.named_parameters())
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value):
            yield from _tensors(f"{key}.{place}", part)


def at(moments: Mapping[int, Callable[[], object]]) -> Callable[[int], None]:
    """What `train` does between steps: something after certain ones."""

    def between(step: int) -> None:
        if step in moments:
            moments[step]()

    return between


class Answers:
    """When answers came, by the clock that never goes back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._times: list[float] = []
        wait = Session.wait

        def noted(session: Session, seq: int) -> None:
            wait(session, seq)
            self._times.append(time.monotonic())

        monkeypatch.setattr(Session, "wait", noted)

    def after(self, moment: float) -> float | None:
        """How long after the moment the next answer came, if one did."""
        return next((t - moment for t in reversed_until(self._times, moment)), None)


def reversed_until(times: list[float], moment: float) -> list[float]:
    """The times after a moment, in order; looked for from the end."""
    first = len(times)
    while first and times[first - 1] > moment:
        first -= 1
    return times[first:]


def until(condition: Callable[[], bool], timeout_s: float = 60.0, pause_s: float = 0.02) -> None:
    """Returns when the condition holds: of other processes there is nothing else to wait for.

    Raises:
        TimeoutError: it did not hold in time.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s:g} s")
        pause.wait(pause_s)
