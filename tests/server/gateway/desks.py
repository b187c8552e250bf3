"""Jobs behind a real connection, for tests: on any desk, or on one that has them done in its own thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from telegrad_proto.channel import SERVER_OPTIONS
from telegrad_server.gateway.jobs import Desk, JobsService
from telegrad_server.jobs.desk import JobDesk
from telegrad_server.jobs.driver import Driver
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.settings import JobSettings
from tests.server.jobs.drafts import in_a_loop


@contextmanager
def serving_jobs(desk: Desk | None, port: int = 0) -> Iterator[str]:
    """The address of a server with jobs, or of one without."""
    ready: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = []
    started = threading.Event()

    async def serve() -> None:
        server = grpc.aio.server(options=SERVER_OPTIONS)
        if desk is not None:
            server.add_generic_rpc_handlers((JobsService(desk).handlers(),))
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        end = asyncio.Event()
        ready.append((f"127.0.0.1:{bound}", asyncio.get_running_loop(), end))
        started.set()
        await end.wait()
        await server.stop(0)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(30)
    address, loop, end = ready[0]
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


class _Call:
    def __init__(self, name: str) -> None:
        self._name = name

    def remote(self, *arguments: object) -> tuple[str, tuple[object, ...]]:
        return self._name, arguments


class Manager:
    """A queue that has each job done before it answers, unless told to wait."""

    def __init__(self, jobs: str) -> None:
        self._jobs = jobs
        self.waits = False
        self.waiting: list[str] = []

    def __getattr__(self, name: str) -> _Call:
        return _Call(name)

    def ask(self, call: tuple[str, tuple[Any, ...]], _timeout_s: float) -> object:
        """What a call answers."""
        name, arguments = call
        if name == "positions":
            return {job: place for place, job in enumerate(self.waiting, 1)}
        if name == "submitted":
            self.waiting.append(arguments[0])
        if not self.waits or name == "cancelled":
            self.drive()
        return None

    def drive(self) -> None:
        """Has what waits done."""
        while self.waiting:
            folder = JobFolder(self._jobs, self.waiting.pop(0))
            Driver(folder, Roots(), in_a_loop(folder)).drive()


def desk_in(tmp_path: Path) -> tuple[JobDesk, Manager]:
    """A desk whose jobs are in this folder, and its queue."""
    jobs = str(tmp_path / "jobs")
    manager = Manager(jobs)
    return JobDesk(JobSettings(jobs, (str(tmp_path),)), manager, manager.ask), manager
