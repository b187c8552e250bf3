"""Which jobs' service a gateway has; the whole is tested in tests/integration."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

import pytest

from telegrad_server.cluster.jobs import LinkedManager, job_services
from telegrad_server.jobs.settings import JobSettings


class Link:
    """Notes what it is asked."""

    trouble = ""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def ask(self, name: str, *arguments: object) -> Future[Any]:
        self.asked.append((name, *arguments))
        future: Future[Any] = Future()
        future.set_result({"job": 1} if name == "positions" else None)
        return future


@pytest.fixture
def link() -> Link:
    return Link()


def test_with_a_manager_jobs_are_served(link: Link) -> None:
    known = {**asdict(JobSettings("/jobs", ("/data",))), "roots": ["/data"]}
    assert len(job_services(known, link)) == 1


def test_without_one_they_are_refused(link: Link) -> None:
    assert job_services(None, link) == ()


def test_the_manager_is_called_over_the_link(link: Link) -> None:
    manager = LinkedManager(link)
    manager.submitted.remote("job").result(0)
    manager.cancelled.remote("job").result(0)
    assert manager.positions.remote().result(0) == {"job": 1}
    assert link.asked == [("submitted", "job"), ("cancelled", "job"), ("positions",)]
