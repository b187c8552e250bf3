"""The one place where a server is put together from its parts."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.session import EngineSession
from telegrad_server.config import Settings
from telegrad_server.worker.server import WorkerServer, WorkerSettings
from telegrad_server.worker.session import Engine

_log = logging.getLogger("telegrad.server")

#: How long a process may take to end after its grace, before it is ended.
_HARD_EXIT_S = 10.0

Announce = Callable[[str], None]


def serve(settings: Settings, announce: Announce) -> None:
    """Serves until the process is told to end.

    Args:
        settings: how.
        announce: told the address once clients can connect.

    Raises:
        OSError: the address cannot be listened on.
        ValueError: the token file is unusable, or the device not at hand.
    """
    if settings.ray:
        # Ray is an optional dependency, and takes a second to import.
        from telegrad_server.cluster.launch import serve_cluster

        serve_cluster(settings, announce)
    elif settings.relay_to:
        from telegrad_server.gateway.app import serve_gateway

        serve_gateway(settings, announce)
    else:
        _serve_standalone(settings, announce)


def _serve_standalone(settings: Settings, announce: Announce) -> None:
    worker = make_worker(
        WorkerSettings(
            host=settings.host,
            port=settings.port,
            token=settings.read_token(),
            device=settings.device,
            max_sessions=settings.max_sessions,
            lease_s=settings.lease_s,
            reflection=settings.reflection,
            direct_address=settings.direct_address,
        )
    )
    ending = EndingSignal()
    announce(worker.start())
    ending.wait()
    worker.drain(settings.grace_s)


def make_worker(settings: WorkerSettings) -> WorkerServer:
    """A worker over the engine; all its sessions share one cache of plans.

    Raises:
        ValueError: the device is not at hand.
    """
    make_engine: Callable[[], Engine] = partial(EngineSession, settings.device, plans=PlanCache())
    make_engine().close()  # a device that is not there is found now, and the first client waits less
    return WorkerServer(settings, make_engine)


class EndingSignal:
    """SIGTERM or SIGINT, once. A second one, or a shutdown that takes too long, ends the process at once."""

    def __init__(self) -> None:
        self._event = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def wait(self) -> None:
        """Returns when the process is to end."""
        self._event.wait()
        _log.info("shutting down")

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            os._exit(128 + number)
        self._event.set()


def end_hard_after(grace_s: float) -> None:
    """Ends the process if its own end hangs, in an operator that cannot be stopped."""

    def end() -> None:
        sys.stderr.write("telegrad-server: did not end in time\n")
        os._exit(1)

    timer = threading.Timer(grace_s + _HARD_EXIT_S, end)
    timer.daemon = True
    timer.start()
