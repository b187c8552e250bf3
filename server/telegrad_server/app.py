"""The one place where a server is put together from its parts."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

from telegrad_server.cluster.environment import prepare
from telegrad_server.config import Settings, is_loopback
from telegrad_server.ending import EndingSignal, end_hard_after
from telegrad_server.gateway.fleet import StaticFleet
from telegrad_server.gateway.server import GatewaySettings, serve_gateway
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings

#: How long a process may take to end after its grace, before it is ended.
_HARD_EXIT_S: Final = 10.0


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serves until the process is told to end.

    Args:
        settings: how.
        announce: told the address once clients can connect.

    Raises:
        OSError: the address cannot be listened on.
        ValueError: the token file is unusable, or the device not at hand.
        RuntimeError: Ray is not installed, or takes no worker.
    """
    token = settings.read_token()
    if settings.ray or settings.gateway_only:
        if find_spec("ray") is None:
            raise RuntimeError("--ray needs Ray: pip install 'telegrad-server[ray]'")
        prepare()
        # Batch jobs need more than a standalone server should take the time to import.
        from telegrad_server.cluster.launch import serve_cluster
        from telegrad_server.cluster.wanted import Wanted

        serve_cluster(
            gateway_settings(settings, token),
            worker_settings(settings, token),
            Wanted(
                workers=settings.workers,
                least=settings.min_workers,
                most=settings.max_workers,
                spares=settings.spares,
                device=settings.device,
            ),
            job_settings(settings),
            announce=announce,
            gateway_only=settings.gateway_only,
            insecure=settings.insecure,
        )
    elif settings.relay_to:
        serve_gateway(gateway_settings(settings, token), StaticFleet(settings.relay_to), announce)
    else:
        _serve_standalone(settings, token, announce)


def _serve_standalone(settings: Settings, token: str | None, announce: Callable[[str], None]) -> None:
    worker = make_worker(worker_settings(settings, token))
    ending = EndingSignal()
    announce(worker.start())
    ending.wait()
    end_hard_after(settings.grace_s + _HARD_EXIT_S)
    worker.drain(settings.grace_s)


def job_settings(settings: Settings) -> JobSettings:
    """The part of the settings that batch jobs need.

    Where other machines can reach the server, jobs may only use what it names; without a name, their folder.
    """
    named = settings.job_data or (() if is_loopback(settings.host) else (settings.jobs,))
    return JobSettings(
        jobs=settings.jobs,
        roots=named,
        device=settings.device or "cpu",
        at_once=settings.jobs_at_once,
        most=settings.job_processes,
    )


def gateway_settings(settings: Settings, token: str | None) -> GatewaySettings:
    """The part of the settings that a gateway needs."""
    return GatewaySettings(
        host=settings.host,
        port=settings.port,
        token=token,
        grace_s=settings.grace_s,
        reflection=settings.reflection,
    )


def worker_settings(settings: Settings, token: str | None) -> WorkerSettings:
    """The part of the settings that a worker needs."""
    return WorkerSettings(
        host=settings.host,
        port=settings.port,
        token=token,
        device=settings.device or "cpu",
        max_sessions=settings.max_sessions,
        lease_s=settings.lease_s,
        reflection=settings.reflection,
        direct_address=settings.direct_address,
        session_bytes=settings.session_bytes,
        snapshots=settings.snapshots,
        snapshot_s=settings.snapshot_s,
        keep_s=settings.keep_s,
        worker_bytes=settings.worker_bytes,
        threads=settings.threads if settings.threads is not None else int(settings.ray),
        operator_s=settings.operator_s,
    )
