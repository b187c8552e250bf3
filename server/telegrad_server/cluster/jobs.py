"""The jobs' service of a gateway: on the manager that the cluster has, or on one that is started."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import ray

from telegrad_server.cluster.hands import NAMESPACE
from telegrad_server.gateway.jobs import JobsService
from telegrad_server.gateway.server import Service
from telegrad_server.jobs.desk import JobDesk
from telegrad_server.jobs.manager import MANAGER, start_manager
from telegrad_server.jobs.settings import JobSettings

_log = logging.getLogger("telegrad.server")

_ASK_S: Final = 30.0


def job_services(settings: JobSettings, *, owned: bool) -> Sequence[Service]:
    """What a gateway serves for jobs; nothing where no folder is named and no manager is there.

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
            return ()
    # It may have been there already, with another gateway's settings: those hold for all. One of our own is
    # new, and need not be waited for.
    known: JobSettings = settings if owned else _ask(manager.settings.remote(), _ASK_S)
    if settings.jobs and known != settings:
        _log.warning("the cluster's jobs are in %s, as was said when its manager started", known.jobs)
    service = JobsService(JobDesk(known, manager, _ask))
    return (lambda _directory: service.handlers(),)


def _ask(call: Any, timeout_s: float) -> Any:
    return ray.get(call, timeout=timeout_s)
