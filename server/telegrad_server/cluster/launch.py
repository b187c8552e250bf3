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
from dataclasses import dataclass, replace
from typing import Any, Final

import ray

from telegrad_server.cluster.fleet import RayFleet, wait_for_any
from telegrad_server.cluster.hands import NAMESPACE
from telegrad_server.cluster.jobs import job_services
from telegrad_server.cluster.supervisor import SUPERVISOR, start_supervisor
from telegrad_server.core.supervision import Policy
from telegrad_server.gateway.server import GatewaySettings, serve_gateway
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

_PLACE_S: Final = 60.0
_REACH_S: Final = 5.0

#: One idle worker process on CPUs: a lost worker's place is taken in the moment in which that is noticed.
_SPARES: Final = 1

#: Ray's shared memory for objects, which no session uses; 75 MB is the least that it takes.
_OBJECT_STORE_BYTES: Final = 80 * 1024 * 1024

#: The sockets' paths stand below Ray's folder, and the system bounds them to about 100 characters.
_LONGEST_FOLDER: Final = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator says about the workers; None where nothing is said.

    Attributes:
        workers: how many.
        least: never fewer.
        most: never more.
        spares: idle ones that take the place of a lost one.
        device: on what.
    """

    workers: int | None = None
    least: int | None = None
    most: int | None = None
    spares: int | None = None
    device: str | None = None

    @property
    def sized(self) -> bool:
        """Whether anything is said about their number."""
        return any(n is not None for n in (self.workers, self.least, self.most, self.spares))


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
    (RAY_ADDRESS) the workers
    stay: other gateways may be in front of them, and sessions go on through those.

    Args:
        gateway: how the gateway serves.
        worker: how each worker serves; where is decided here.
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
    with _joined() if joined else _started(wanted) as own_folder:
        if gateway_only:
            supervisor = _find_supervisor()
        else:
            policy, device = _plan(wanted, gateway.grace_s)
            # What is all on one machine needs no address that others reach; else a worker takes its node's.
            local = not joined or (worker.token is None and _is_one_machine())
            settings = replace(worker, device=device, host="127.0.0.1" if local else "", direct_address=":")
            supervisor = start_supervisor(policy, settings, insecure=insecure)
            jobs = replace(
                jobs, device=device, jobs=jobs.jobs or (f"{own_folder}/jobs" if own_folder else "")
            )
            if joined and wanted.sized:
                supervisor.resize.remote(policy)  # it may be there already, with another gateway's numbers
        fleet = RayFleet(supervisor, owned=not joined, grace_s=gateway.grace_s)
        wait_for_any(supervisor, _PLACE_S)
        serve_gateway(gateway, fleet, announce, job_services(jobs, owned=not joined))


def _find_supervisor() -> Any:
    """The supervisor of the cluster that was joined.

    Raises:
        RuntimeError: it has none.
    """
    try:
        return ray.get_actor(SUPERVISOR, NAMESPACE)
    except ValueError:
        raise RuntimeError(
            f"the Ray at {os.environ['RAY_ADDRESS']} has no telegrad workers: start telegrad-server --ray"
        ) from None


@contextmanager
def _started(wanted: Wanted) -> Iterator[str]:
    """A Ray of our own on this machine, and its folder, gone without a trace at the end; see also
    `environment.prepare`.
    """
    parent = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="tg-ray-", dir=parent if len(parent) <= _LONGEST_FOLDER else "/tmp")  # noqa: S108
    try:
        ray.init(
            address="local",
            # Ray's books, not the machine's: what is left beside the workers is for jobs.
            num_cpus=_largest(wanted) + (os.cpu_count() or 1),
            object_store_memory=_OBJECT_STORE_BYTES,
            include_dashboard=False,
            namespace=NAMESPACE,
            logging_level=logging.WARNING,
            _temp_dir=folder,
        )
        try:
            yield folder
        finally:
            ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _joined() -> Iterator[str]:
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
        yield ""
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


def _largest(wanted: Wanted) -> int:
    """How many workers there may ever be on a Ray of our own, spares included."""
    spares = _SPARES if wanted.spares is None else wanted.spares
    return max(wanted.workers or 1, wanted.least or 1, wanted.most or 1) + spares


def _plan(wanted: Wanted, grace_s: float) -> tuple[Policy, str]:
    """How many workers, and on what."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    device = wanted.device or ("cuda" if gpus else "cpu")
    on_gpu = device.startswith("cuda")
    if wanted.workers is not None:
        count = wanted.workers
    elif on_gpu:
        count = max(gpus, 1)
    else:
        nodes = [n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU", 0) >= 1]
        count = max(len(nodes), 1)
    # A device has one worker: a spare on a GPU would keep it from everybody else.
    spares = wanted.spares if wanted.spares is not None else 0 if on_gpu else _SPARES
    if wanted.least is not None or wanted.most is not None:
        least = wanted.least or min(count, wanted.most or count)
        most = wanted.most or max(count, least)
    else:
        least = most = count
    return Policy(least, max(least, most), spares, grace_s), device
