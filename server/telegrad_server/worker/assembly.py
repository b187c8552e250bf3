"""A worker over the real engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import grpc

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.programs import ProgramStore
from telegrad_engine.runtime.gauge import Gauge
from telegrad_engine.session import EngineSession
from telegrad_server.api.programs import ProgramServicer, program_handlers
from telegrad_server.failpoints import FAILING
from telegrad_server.worker.failing import FailingGauge
from telegrad_server.worker.programs import WorkerPrograms
from telegrad_server.worker.server import WorkerServer, WorkerSettings
from telegrad_server.worker.session import Engine
from telegrad_server.worker.threads import limit_threads


def make_worker(settings: WorkerSettings, left: Callable[[], object] = lambda: None) -> WorkerServer:
    """A worker over the engine; all its sessions share one cache of plans.

    Args:
        settings: how to serve.
        left: called when the worker was told to hand its sessions over, and has.

    Raises:
        ValueError: the device is not at hand.
    """
    limit_threads(settings.threads)
    gauge = FailingGauge(settings.worker_bytes) if FAILING else Gauge(settings.worker_bytes)
    make_engine: Callable[[], Engine] = partial(
        EngineSession,
        settings.device,
        plans=PlanCache(),
        limit_bytes=settings.session_bytes,
        gauge=gauge,
    )
    make_engine().close()  # a device that is not there is found now, and the first client waits less
    store = ProgramStore(settings.device, call_bytes=settings.session_bytes, gauge=gauge)

    def programs(name: str) -> grpc.GenericRpcHandler:
        return program_handlers(ProgramServicer(WorkerPrograms(store, settings.threads), name))

    return WorkerServer(settings, make_engine, gauge=gauge, left=left, services=(programs,))
