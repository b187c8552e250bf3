"""A worker as a Ray actor: it hosts the same gRPC service, in its own process."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, replace

import ray

from telegrad_server.config import check_exposure
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a worker is.

    Attributes:
        address: where it listens.
        node_id: Ray's name of its machine.
        pid: its process there.
    """

    address: str
    node_id: str
    pid: int


class WorkerActor:
    """Starts a worker in this process, which ends when the worker has handed its sessions over.

    Args:
        settings: how to serve; an empty host stands for this node's own address.
        insecure: serve on an address that other machines reach, without a token.

    Raises:
        ValueError: that is not wanted, or the device is not at hand.
    """

    def __init__(self, settings: WorkerSettings, *, insecure: bool) -> None:
        logging.basicConfig(
            stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        host = settings.host or str(ray.util.get_node_ip_address())
        check_exposure(host, has_token=settings.token is not None, insecure=insecure)
        self._worker = make_worker(replace(settings, host=host, port=0), left=_end)
        self._address = self._worker.start()

    def whereabouts(self) -> Whereabouts:
        """Where the worker is."""
        return Whereabouts(self._address, ray.get_runtime_context().get_node_id(), os.getpid())

    def stop(self) -> None:
        """Ends the worker's service at once; the process stays."""
        self._worker.stop()


def _end() -> None:
    """Ends the process as one that did what it should. Ray's own way out is for the actor's thread only."""
    os._exit(0)
