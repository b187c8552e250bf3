"""A worker over the real engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.session import EngineSession
from telegrad_server.worker.server import WorkerServer, WorkerSettings
from telegrad_server.worker.session import Engine


def make_worker(settings: WorkerSettings) -> WorkerServer:
    """A worker over the engine; all its sessions share one cache of plans.

    Raises:
        ValueError: the device is not at hand.
    """
    make_engine: Callable[[], Engine] = partial(EngineSession, settings.device, plans=PlanCache())
    make_engine().close()  # a device that is not there is found now, and the first client waits less
    return WorkerServer(settings, make_engine)
