"""A worker's gRPC server: built, started, drained, stopped."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import grpc
from grpc_health.v1 import health_pb2_grpc

from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.channel import SERVER_OPTIONS, SERVICE
from telegrad_proto.opset import OPSET
from telegrad_server.api.access import Gate
from telegrad_server.api.control import WorkerControl, control_handlers
from telegrad_server.api.health import WorkerHealth
from telegrad_server.api.interceptors import ErrorInterceptor, GateInterceptor
from telegrad_server.api.reflection import add_reflection
from telegrad_server.api.servicer import Identity, SessionServicer, handlers
from telegrad_server.core.sessions import SessionTable
from telegrad_server.core.snapshotting import Policy
from telegrad_server.failpoints import reach
from telegrad_server.worker.host import SessionHost
from telegrad_server.worker.keeper import Durability
from telegrad_server.worker.session import Engine
from telegrad_server.worker.vitals import Vitals
from telegrad_server.worker.watchdog import Watchdog

_log = logging.getLogger("telegrad.server")

#: An open stream holds a thread. These are for the calls beside the streams: cancel must get through when
#: all are taken.
_SPARE_THREADS: Final = 32

#: What a worker serves beside sessions, given the worker's name.
Service = Callable[[str], grpc.GenericRpcHandler]


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker serves.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        token: what clients must present, or None.
        device: where values live.
        max_sessions: sessions at once.
        lease_s: how long a session outlives its client.
        reflection: whether anybody may list the service's messages.
        direct_address: where clients behind a gateway reach this worker; "" for nowhere, ":" for where it
            listens.
        session_bytes: what a session may hold in memory; 0: no bound.
        worker_bytes: what they may hold together; 0: no bound.
        threads: for matrix products, and so many calls of programs at a time; 0: as the machine decides.
        operator_s: how long one operator may take before the process is ended.
        snapshots: where sessions are stored; "": nowhere.
        snapshot_s: how much new work, in seconds, may be missing there.
        keep_s: how long a stored session outlives its last use.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    device: str = "cpu"
    max_sessions: int = 64
    lease_s: float = 60.0
    reflection: bool = False
    direct_address: str = ""
    session_bytes: int = 0
    worker_bytes: int = 0
    threads: int = 0
    operator_s: float = 600.0
    snapshots: str = ""
    snapshot_s: float = 10.0
    keep_s: float = 86_400.0


class WorkerServer:
    """One worker, listening once `start` returns.

    Args:
        settings: how to serve.
        make_engine: an empty engine session on the device.
        gauge: counts what those sessions do and hold.
        left: called when the worker was told to hand its sessions over, and has.
        services: what it serves beside sessions, made for its name.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        make_engine: Callable[[], Engine],
        *,
        gauge: Gauge | None = None,
        left: Callable[[], object] = lambda: None,
        services: Sequence[Service] = (),
    ) -> None:
        durability = _durability(settings)
        table = SessionTable(
            lease_s=settings.lease_s,
            max_sessions=settings.max_sessions,
            durable=durability is not None,
        )
        # A name of its own for each process: a session of a worker that was restarted is known to be lost.
        self.sessions = SessionHost(
            f"w{secrets.token_hex(4)}", make_engine, table=table, durability=durability
        )
        self._settings = settings
        gauge = gauge or Gauge(settings.worker_bytes)
        self._left = left
        self._watchdog = Watchdog(gauge.progress, settings.operator_s, _end_hung)
        self.vitals = Vitals(
            self.sessions, gauge, self._watchdog, device=settings.device, end=self._hand_over
        )
        threads = settings.max_sessions + _SPARE_THREADS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="telegrad-call")
        self._watchers = ThreadPoolExecutor(1, thread_name_prefix="telegrad-health")
        self._server = grpc.server(
            self._pool,
            interceptors=[ErrorInterceptor(), GateInterceptor(Gate(settings.token))],
            options=SERVER_OPTIONS,
            maximum_concurrent_rpcs=threads,
        )
        self._health = WorkerHealth(self._watchers)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._server.add_generic_rpc_handlers([service(self.sessions.name) for service in services])
        if settings.reflection:
            add_reflection(self._server)
        self.address = ""

    def start(self) -> str:
        """Begins to serve; the address with the port that was chosen.

        Raises:
            OSError: the address is taken, or is none of this machine.
        """
        reach("boot")
        settings = self._settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        try:
            port = self._server.add_insecure_port(f"{host}:{settings.port}")
        except RuntimeError as error:
            self.stop()
            raise OSError(
                f"cannot listen on {host}:{settings.port}: the port is taken, or the address is not here"
            ) from error
        self.address = f"{host}:{port}"
        direct = self.address if settings.direct_address == ":" else settings.direct_address
        servicer = SessionServicer(self.sessions, Identity(settings.device, OPSET.digest, direct))
        self._server.add_generic_rpc_handlers(
            (handlers(servicer), control_handlers(WorkerControl(self.vitals)))
        )
        self.sessions.start()
        self._watchdog.start()
        self._server.start()
        _log.info("worker %s serves %s on %s", self.sessions.name, SERVICE, self.address)
        return self.address

    def drain(self, grace_s: float) -> None:
        """Ends in order: nobody new comes in, what runs gets its time, then every session is freed."""
        self._health.drain()
        ended = self._server.stop(grace_s)
        self.sessions.drain()
        ended.wait()
        self.stop()

    def stop(self) -> None:
        """Ends at once."""
        self._watchdog.stop()
        ended = self._server.stop(None)
        self.sessions.stop()  # wakes what still computes
        ended.wait()
        self._pool.shutdown()
        self._watchers.shutdown()

    def _hand_over(self, grace_s: float) -> None:
        self.drain(grace_s)
        self._left()


def _durability(settings: WorkerSettings) -> Durability | None:
    if not settings.snapshots:
        return None
    # Late: a server without a store needs nothing to reach one with.
    from telegrad_server.worker.store import SnapshotStore

    policy = Policy(period_s=settings.snapshot_s, pause_s=min(0.5, settings.snapshot_s))
    return Durability(SnapshotStore(settings.snapshots), policy, settings.keep_s)


def _end_hung(stalled_s: float) -> None:
    """Ends the process: an operator hangs, and its thread can be ended in no other way."""
    _log.error("an operator has not come back for %.0f s: the worker ends", stalled_s)
    os._exit(1)
