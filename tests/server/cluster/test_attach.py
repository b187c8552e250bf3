"""What is asked of a cluster before a gateway serves it, played without Ray. With Ray: test_launch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import ray
from ray.exceptions import GetTimeoutError, RayActorError

from telegrad_server.cluster import attach
from telegrad_server.cluster.attach import check_reachable, find_manager, wait_for_any
from telegrad_server.jobs.settings import JobSettings


class _Method:
    def __init__(self, answer: Callable[..., object]) -> None:
        self._answer = answer

    def remote(self, *arguments: object) -> object:
        return self._answer(*arguments)


class _Supervisor:
    """Notes how long it is asked to wait."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.first = _Method(self.waited.append)


def answering(answer: object) -> Callable[..., object]:
    def get(_: object, timeout: float) -> object:
        assert timeout > 5
        if isinstance(answer, Exception):
            raise answer
        return answer

    return get


def test_a_worker_that_serves_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get", answering(None))
    supervisor = _Supervisor()
    wait_for_any(supervisor, 5)
    assert supervisor.waited == [5]


def test_nothing_placed_is_said_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get", answering(""))
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 0.0})
    with pytest.raises(RuntimeError, match=r"placed no worker within 5 s.*'CPU': 0.0"):
        wait_for_any(_Supervisor(), 5)


@pytest.mark.parametrize("answer", ["no CuPy here", RayActorError(error_msg="a traceback\nno CuPy here")])
def test_a_worker_that_cannot_start_is_said_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(ray, "get", answering(answer))
    with pytest.raises(RuntimeError, match=r"did not start.*no CuPy here"):
        wait_for_any(_Supervisor(), 5)


def test_a_supervisor_that_is_not_started_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get", answering(GetTimeoutError()))
    with pytest.raises(RuntimeError, match="does not start the workers' supervisor"):
        wait_for_any(_Supervisor(), 5)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:10001"])
def test_who_cannot_be_joined_is_said_at_once(address: str) -> None:
    with pytest.raises(RuntimeError, match=f"RAY_ADDRESS {address}"):
        check_reachable(address)
    check_reachable("auto")


class _Manager:
    """An actor that was started with these settings."""

    def __init__(self, settings: JobSettings) -> None:
        self.settings = _Method(lambda: settings)


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

    monkeypatch.setattr(attach, "start_manager", start)
    monkeypatch.setattr(ray, "get_actor", get)
    monkeypatch.setattr(ray, "get", lambda call, timeout: call)
    return found


def test_a_folder_has_a_manager_started(started: list[JobSettings]) -> None:
    settings = JobSettings("/jobs")
    assert find_manager(settings, owned=True)[1] == settings
    assert started == [settings]


def test_without_a_folder_the_clusters_manager_is_used(started: list[JobSettings]) -> None:
    started.append(JobSettings("/jobs"))
    assert find_manager(JobSettings(""), owned=False)[1] == JobSettings("/jobs")
    assert len(started) == 1


def test_without_either_jobs_are_refused_and_that_is_said(
    started: list[JobSettings], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert find_manager(JobSettings(""), owned=False) == (None, None)
    assert "no folder for batch jobs" in caplog.text
    assert started == []


def test_the_first_gateways_settings_hold(
    started: list[JobSettings], caplog: pytest.LogCaptureFixture
) -> None:
    find_manager(JobSettings("/first"), owned=False)
    with caplog.at_level(logging.WARNING):
        assert find_manager(JobSettings("/second"), owned=False)[1] == JobSettings("/first")
    assert "are in /first" in caplog.text
