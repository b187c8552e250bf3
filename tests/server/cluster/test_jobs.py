"""Which manager a gateway's jobs stand on; the whole is tested in tests/integration."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import ray

from telegrad_server.cluster import jobs
from telegrad_server.jobs.settings import JobSettings


class _Method:
    def __init__(self, answer: object) -> None:
        self._answer = answer

    def remote(self) -> object:
        return self._answer


class _Manager:
    """An actor that was started with these settings."""

    def __init__(self, settings: JobSettings) -> None:
        self.settings = _Method(settings)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[JobSettings]:
    """The settings of managers that were started; calls are answered at once."""
    found: list[JobSettings] = []

    def start(settings: JobSettings, **_: object) -> Any:
        found.append(settings)
        return _Manager(found[0])

    def get(name: str, _namespace: str) -> Any:
        if not found:
            raise ValueError(name)
        return _Manager(found[0])

    monkeypatch.setattr(jobs, "start_manager", start)
    monkeypatch.setattr(ray, "get_actor", get)
    monkeypatch.setattr(ray, "get", lambda call, timeout: call)
    return found


def test_a_folder_has_a_manager_started(started: list[JobSettings]) -> None:
    settings = JobSettings("/jobs")
    assert len(jobs.job_services(settings, owned=True)) == 1
    assert started == [settings]


def test_without_a_folder_the_clusters_manager_is_used(started: list[JobSettings]) -> None:
    started.append(JobSettings("/jobs"))
    assert len(jobs.job_services(JobSettings(""), owned=False)) == 1
    assert len(started) == 1


def test_without_either_jobs_are_refused_and_that_is_said(
    started: list[JobSettings], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert jobs.job_services(JobSettings(""), owned=False) == ()
    assert "no folder for batch jobs" in caplog.text
    assert started == []


def test_the_first_gateways_settings_hold(
    started: list[JobSettings], caplog: pytest.LogCaptureFixture
) -> None:
    jobs.job_services(JobSettings("/first"), owned=False)
    with caplog.at_level(logging.WARNING):
        assert len(jobs.job_services(JobSettings("/second"), owned=False)) == 1
    assert "are in /first" in caplog.text
