"""A worker as a Ray actor: it hosts the same gRPC service, in its own process."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace

import ray

from telegrad_server.config import check_exposure
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings


class WorkerActor:
    """Starts a worker in this process; Ray makes one a device.

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
        self._worker = make_worker(replace(settings, host=host, port=0))
        self._address = self._worker.start()

    def address(self) -> str:
        """Where the worker listens."""
        return self._address

    def drain(self, grace_s: float) -> None:
        """Ends the worker's service in order; see `WorkerServer.drain`."""
        self._worker.drain(grace_s)
