"""`telegrad-server --ray`: starts Ray or joins it, has the workers placed, and serves a gateway in front of
them.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import ray

from telegrad_server.cluster.fleet import NAMESPACE, RayFleet, start_workers, wait_for_any
from telegrad_server.gateway.server import GatewaySettings, serve_gateway
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

_PLACE_S: Final = 60.0
_REACH_S: Final = 5.0

#: Ray's shared memory for objects, which no session uses; 75 MB is the least that it takes.
_OBJECT_STORE_BYTES: Final = 80 * 1024 * 1024

#: The sockets' paths stand below Ray's folder, and the system bounds them to about 100 characters.
_LONGEST_FOLDER: Final = 40


def serve_cluster(
    gateway: GatewaySettings,
    worker: WorkerSettings,
    *,
    announce: Callable[[str], None],
    workers: int | None,
    device: str | None,
    insecure: bool,
) -> None:
    """Serves until the process is told to end.

    A Ray that was started here ends with the process, its workers too. On a Ray that was joined
    (RAY_ADDRESS) the workers
    stay: other gateways may be in front of them, and sessions go on through those.

    Args:
        gateway: how the gateway serves.
        worker: how each worker serves; where is decided here.
        announce: told the gateway's address once a worker is ready.
        workers: how many; by default one a GPU, else one a node.
        device: what on; by default GPUs where there are some.
        insecure: whether workers may listen on an address that other machines reach, without a token.

    Raises:
        OSError: the gateway's address cannot be listened on.
        RuntimeError: Ray cannot be reached, or takes no worker.
    """
    joined = bool(os.environ.get("RAY_ADDRESS"))
    with _joined() if joined else _started(workers):
        count, device = _plan(workers, device)
        # What is all on one machine needs no address that others reach; else a worker takes its node's.
        local = not joined or (worker.token is None and _is_one_machine())
        settings = replace(worker, device=device, host="127.0.0.1" if local else "", direct_address=":")
        actors = start_workers(settings, count, owned=not joined, insecure=insecure)
        wait_for_any(list(actors.values()), _PLACE_S)
        fleet = RayFleet(actors, owned=not joined, grace_s=gateway.grace_s)
        serve_gateway(gateway, fleet, announce)


@contextmanager
def _started(workers: int | None) -> Iterator[None]:
    """A Ray of our own on this machine, gone without a trace at the end; see also `environment.prepare`."""
    parent = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="tg-ray-", dir=parent if len(parent) <= _LONGEST_FOLDER else "/tmp")  # noqa: S108
    try:
        ray.init(
            address="local",
            num_cpus=max(workers or 1, os.cpu_count() or 1),
            object_store_memory=_OBJECT_STORE_BYTES,
            include_dashboard=False,
            namespace=NAMESPACE,
            logging_level=logging.WARNING,
            _temp_dir=folder,
        )
        try:
            yield
        finally:
            ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _joined() -> Iterator[None]:
    """The Ray at RAY_ADDRESS, with whatever RAY_AUTH_* says; it goes on afterwards.

    Raises:
        RuntimeError: it cannot be reached.
    """
    address = os.environ["RAY_ADDRESS"]
    check_reachable(address)
    try:
        ray.init(address=address, namespace=NAMESPACE, logging_level=logging.WARNING)
    except (ConnectionError, ValueError) as error:
        raise RuntimeError(f"no Ray that can be joined at {address}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def check_reachable(address: str) -> None:
    """Nothing, where somebody listens at the address. Ray itself would try for two minutes, and log each try.

    Raises:
        RuntimeError: nobody does, or it is the address of a Ray Client server, made for notebooks only.
    """
    if "://" in address:
        raise RuntimeError(f"RAY_ADDRESS {address}: requires the address of Ray's head, host:port, or auto")
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return  # "auto" and the like: Ray knows
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_S).close()
    except OSError as error:
        raise RuntimeError(f"no Ray answers at RAY_ADDRESS {address}: {error.strerror or error}") from error


def _is_one_machine() -> bool:
    own = ray.util.get_node_ip_address()
    return all(node["NodeManagerAddress"] == own for node in ray.nodes() if node["Alive"])


def _plan(workers: int | None, device: str | None) -> tuple[int, str]:
    """How many workers, and on what."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    device = device or ("cuda" if gpus else "cpu")
    if workers is not None:
        return workers, device
    if device.startswith("cuda"):
        return max(gpus, 1), device
    nodes = [n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU", 0) >= 1]
    return max(len(nodes), 1), device
