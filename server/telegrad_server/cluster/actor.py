"""A worker as a Ray actor: it hosts the same gRPC service, in its own process."""

from __future__ import annotations

import logging
import os
import sys
import threading
from dataclasses import dataclass, replace
from typing import Final

import ray

from telegrad_server.config import check_exposure
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

_LOOK_S: Final = 0.5

#: For sessions to be stored and told to go elsewhere, when the node's Ray is gone.
_GRACE_S: Final = 10.0


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

    It does so by itself when the raylet is gone, Ray's process on this node that started it: Ray forgets such
    a worker and does not end it, and nobody could from elsewhere.

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
        self._stopped = threading.Event()
        threading.Thread(
            target=self._follow, args=(os.getppid(),), name="telegrad-raylet", daemon=True
        ).start()

    def whereabouts(self) -> Whereabouts:
        """Where the worker is."""
        return Whereabouts(self._address, ray.get_runtime_context().get_node_id(), os.getpid())

    def stop(self) -> None:
        """Ends the worker's service at once; the process stays."""
        self._stopped.set()
        self._worker.stop()

    def _follow(self, raylet: int) -> None:
        while not self._stopped.wait(_LOOK_S):
            if os.getppid() != raylet:
                _log.warning("Ray is gone from this node: the worker hands its sessions over and ends")
                self._worker.vitals.leave(_GRACE_S)
                return


def _end() -> None:
    """Ends the process as one that did what it should. Ray's own way out is for the actor's thread only."""
    os._exit(0)
