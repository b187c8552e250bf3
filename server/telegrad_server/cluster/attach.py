"""Takes part in a cluster: starts Ray or joins it, and has the supervisor, the workers and the jobs' manager
made, or finds them.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import ray
from ray.exceptions import GetTimeoutError, RayError

from telegrad_server.cluster.hands import NAMESPACE
from telegrad_server.cluster.supervisor import SUPERVISOR, start_supervisor
from telegrad_server.cluster.wanted import Wanted
from telegrad_server.core.supervision import Policy
from telegrad_server.jobs.manager import MANAGER, start_manager
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

_PLACE_S: Final = 60.0
_REACH_S: Final = 5.0
_ASK_S: Final = 30.0

#: One idle worker process on CPUs: a lost worker's place is taken in the moment in which that is noticed.
_SPARES: Final = 1

#: Ray's shared memory for objects, which no session uses; 75 MB is the least that it takes.
_OBJECT_STORE_BYTES: Final = 80 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attached:
    """What there is to be asked.

    Attributes:
        supervisor: the workers' actor.
        manager: the jobs' actor; None where jobs are refused.
        jobs: how it has jobs done.
    """

    supervisor: Any
    manager: Any
    jobs: JobSettings | None


@contextmanager
def attached(
    worker: WorkerSettings,
    wanted: Wanted,
    jobs: JobSettings,
    *,
    folder: str,
    grace_s: float,
    gateway_only: bool,
    insecure: bool,
) -> Iterator[Attached]:
    """A cluster with a worker that serves. What was started ends with the block, what was joined goes on.

    Args:
        worker: how each worker serves; where is decided here.
        wanted: how many workers, and on what; by default one a GPU, else one a node.
        jobs: how batch jobs are done; without a folder, in one that goes with a Ray of our own.
        folder: of a Ray of our own; empty: one is joined (RAY_ADDRESS).
        grace_s: how long a worker that drains may take.
        gateway_only: take the workers that are there.
        insecure: whether workers may listen on an address that other machines reach, without a token.

    Raises:
        RuntimeError: Ray cannot be reached, or takes no worker.
    """
    owned = bool(folder)
    with _started(wanted, folder) if owned else _joined():
        if gateway_only:
            supervisor = _find_supervisor()
        else:
            policy, device = _plan(wanted, grace_s)
            # What is all on one machine needs no address that others reach; else a worker takes its node's.
            local = owned or (worker.token is None and _is_one_machine())
            settings = replace(worker, device=device, host="127.0.0.1" if local else "", direct_address=":")
            supervisor = start_supervisor(policy, settings, insecure=insecure)
            jobs = replace(jobs, device=device, jobs=jobs.jobs or (f"{folder}/jobs" if owned else ""))
            if not owned and wanted.sized:
                supervisor.resize.remote(policy)  # it may be there already, with another gateway's numbers
        wait_for_any(supervisor, _PLACE_S)
        manager, known = find_manager(jobs, owned=owned)
        yield Attached(supervisor, manager, known)


def wait_for_any(supervisor: Any, timeout_s: float) -> None:
    """Returns when a worker serves.

    Raises:
        RuntimeError: none could be placed in time, or one failed to start, with Ray's reason.
    """
    waiting = supervisor.first.remote(timeout_s)
    try:
        # The supervisor has to be started itself, by a head that may be gone.
        reason = ray.get(waiting, timeout=timeout_s + _ASK_S)
    except GetTimeoutError:
        raise RuntimeError("Ray does not start the workers' supervisor") from None
    except RayError as error:
        reason = str(error).strip().splitlines()[-1].strip()
    if reason is None:
        return
    if reason:
        raise RuntimeError(f"a worker did not start: {reason}")
    raise RuntimeError(
        f"Ray placed no worker within {timeout_s:g} s; each needs a CPU (and a GPU on cuda), "
        f"and the cluster has {ray.available_resources()} left"
    )


def find_manager(settings: JobSettings, *, owned: bool) -> tuple[Any, JobSettings | None]:
    """The jobs' manager, that the cluster has or that is started, and how it has jobs done; None where no
    folder is named and no manager is there.

    Args:
        settings: of a manager that is started here; without a folder none is.
        owned: whether it ends with this process.
    """
    manager: Any
    if settings.jobs:
        manager = start_manager(settings, namespace=NAMESPACE, owned=owned)
    else:
        try:
            manager = ray.get_actor(MANAGER, NAMESPACE)
        except ValueError:
            _log.warning("no folder for batch jobs (--jobs): they are refused")
            return None, None
    # It may have been there already, with another gateway's settings: those hold for all. One of our own is
    # new, and need not be waited for.
    known: JobSettings = settings if owned else ray.get(manager.settings.remote(), timeout=_ASK_S)
    if settings.jobs and known != settings:
        _log.warning("the cluster's jobs are in %s, as was said when its manager started", known.jobs)
    return manager, known


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
def _started(wanted: Wanted, folder: str) -> Iterator[None]:
    """A Ray of our own on this machine; see also `environment.prepare`."""
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
        yield
    finally:
        ray.shutdown()


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
