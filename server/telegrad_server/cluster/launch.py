"""`telegrad-server --ray`: a gateway in front of workers on a Ray that is started or joined."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from types import FrameType
from typing import Final

from telegrad_server.cluster.fleet import RayFleet
from telegrad_server.cluster.jobs import job_services
from telegrad_server.cluster.link import Link
from telegrad_server.cluster.wanted import Wanted
from telegrad_server.gateway.server import GatewaySettings, serve_gateway
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.worker.server import WorkerSettings

#: The sockets' paths stand below Ray's folder, and the system bounds them to about 100 characters.
_LONGEST_FOLDER: Final = 40

#: How long Ray may take to end where it is ours, beyond the workers' grace.
_END_S: Final = 15.0


def serve_cluster(
    gateway: GatewaySettings,
    worker: WorkerSettings,
    wanted: Wanted,
    jobs: JobSettings,
    *,
    announce: Callable[[str], None],
    gateway_only: bool,
    insecure: bool,
) -> None:
    """Serves until the process is told to end.

    A Ray that was started here ends with the process, its workers too. On a Ray that was joined
    (RAY_ADDRESS) the workers stay: other gateways may be in front of them, and sessions go on through those.

    Args:
        gateway: how the gateway serves.
        worker: how each worker serves; where is decided by Ray.
        wanted: how many workers, and on what; by default one a GPU, else one a node.
        jobs: how batch jobs are done; without a folder, in one that goes with a Ray that was started here.
        announce: told the gateway's address once a worker is ready.
        gateway_only: be one more gateway in front of workers that are there.
        insecure: whether workers may listen on an address that other machines reach, without a token.

    Raises:
        OSError: the gateway's address cannot be listened on.
        RuntimeError: Ray cannot be reached, or takes no worker.
    """
    joined = bool(os.environ.get("RAY_ADDRESS"))
    if gateway_only and not joined:
        raise RuntimeError("--gateway-only needs RAY_ADDRESS: the cluster whose workers it is a gateway of")
    with nullcontext("") if joined else _own_folder() as folder:
        link = Link(
            {
                "log_level": logging.getLogger().getEffectiveLevel(),
                "worker": asdict(worker),
                "wanted": asdict(wanted),
                "jobs": asdict(jobs),
                "folder": folder,
                "grace_s": gateway.grace_s,
                "gateway_only": gateway_only,
                "insecure": insecure,
            }
        )
        # Until the gateway has its own way to end. What only starts has nothing to hand over.
        signal.signal(signal.SIGTERM, _leave)
        patience_s = 0.0
        try:
            said = link.begin()
            patience_s = _END_S
            fleet = RayFleet(link, owned=not joined, grace_s=gateway.grace_s)
            serve_gateway(gateway, fleet, announce, job_services(said["jobs"], link))
        finally:
            link.close(patience_s)


def _leave(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # told once, it tidies up
    raise SystemExit(128 + number)


@contextmanager
def _own_folder() -> Iterator[str]:
    """A folder for a Ray of our own, gone without a trace at the end."""
    parent = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="tg-ray-", dir=parent if len(parent) <= _LONGEST_FOLDER else "/tmp")  # noqa: S108
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
