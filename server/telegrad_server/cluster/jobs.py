"""The jobs' service of a gateway, on the cluster's manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from telegrad_server.cluster.fleet import Asked
from telegrad_server.gateway.jobs import JobsService
from telegrad_server.gateway.server import Service
from telegrad_server.jobs.desk import JobDesk
from telegrad_server.jobs.settings import JobSettings


class _Call:
    """A call of the manager, over the link."""

    def __init__(self, link: Asked, name: str) -> None:
        self._link = link
        self._name = name

    def remote(self, *arguments: object) -> Future[Any]:
        """The answer to come."""
        return self._link.ask(self._name, *arguments)


class LinkedManager:
    """The jobs' manager as a desk calls it: like an actor, but the call goes over the link."""

    def __init__(self, link: Asked) -> None:
        self.submitted = _Call(link, "submitted")
        self.cancelled = _Call(link, "cancelled")
        self.positions = _Call(link, "positions")


def job_services(known: Mapping[str, Any] | None, link: Asked) -> Sequence[Service]:
    """What a gateway serves for jobs; nothing where they are refused.

    Args:
        known: how the manager has jobs done; None: there is none.
        link: the way to it.
    """
    if known is None:
        return ()
    settings = JobSettings(**{**known, "roots": tuple(known["roots"])})
    service = JobsService(JobDesk(settings, LinkedManager(link), _ask))
    return (lambda _directory: service.handlers(),)


def _ask(call: Future[Any], timeout_s: float) -> Any:
    return call.result(timeout_s)
