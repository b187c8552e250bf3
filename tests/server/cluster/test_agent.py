"""The process that speaks with Ray, without Ray: what it is told, asked, and says. With Ray: test_launch."""

from __future__ import annotations

import json
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest
import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError

from telegrad_proto.v1 import cluster_pb2
from telegrad_server.cluster import agent
from telegrad_server.cluster.agent import Answers, run, serve
from telegrad_server.cluster.attach import Attached
from telegrad_server.cluster.fleet import RayFleet
from telegrad_server.cluster.wanted import Wanted
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.worker.server import WorkerSettings


class Actor:
    """Notes its calls, and answers what the test sets by name."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> Any:
        actor = self

        class Method:
            @staticmethod
            def remote(*arguments: object) -> Any:
                actor.calls.append((name, *arguments))
                return actor.answers.get(name)

        return Method


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get", lambda call, timeout: call)
    monkeypatch.setattr(ray, "kill", lambda actor: actor.calls.append(("killed",)))


def test_each_question_is_a_call_of_an_actor() -> None:
    status = cluster_pb2.StatusReply(desired=3)
    supervisor = Actor(places={"worker-0": "a:1"}, status=status.SerializeToString(), drain=True)
    manager = Actor(positions={"job": 1})
    answers = Answers(Attached(supervisor, manager, None))
    assert answers.places() == {"worker-0": "a:1"}
    assert json.loads(json.dumps(answers.status())), "it goes into a line of JSON"
    answers.hurry()
    assert answers.drain("worker-0")
    answers.stop(2.0)
    assert answers.positions() == {"job": 1}
    answers.submitted("job")
    answers.cancelled("job")
    assert supervisor.calls[-2:] == [("stop", 2.0), ("killed",)]
    assert manager.calls == [("positions",), ("submitted", "job"), ("cancelled", "job")]
    for name in ("locate", "status", "hurry", "drain", "close"):
        assert hasattr(RayFleet, name)


class Questions:
    """What the tests ask."""

    def echo(self, text: str) -> str:
        return text

    def fail(self) -> None:
        raise ActorUnavailableError("it is started again", None)

    def die(self) -> None:
        raise ActorDiedError


@contextmanager
def serving() -> Iterator[tuple[socket.socket, Any, threading.Thread]]:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile(encoding="utf-8") as lines:
        ours.settimeout(30)
        thread = threading.Thread(target=serve, args=(theirs, Questions(), {"jobs": None}))
        thread.start()
        assert json.loads(lines.readline()) == {"jobs": None}
        try:
            yield ours, lines, thread
        finally:
            ours.shutdown(socket.SHUT_WR)
            thread.join(30)
            assert not thread.is_alive()


def ask(link: socket.socket, number: int, name: str, *arguments: object) -> None:
    question = {"id": number, "ask": name, "arguments": arguments}
    link.sendall(json.dumps(question).encode() + b"\n")


def test_questions_are_answered_also_with_errors() -> None:
    with serving() as (link, lines, _):
        ask(link, 1, "echo", "word")
        assert json.loads(lines.readline()) == {"id": 1, "answer": "word"}
        ask(link, 2, "fail")
        assert "started again" in json.loads(lines.readline())["error"]
        ask(link, 3, "echo", "still there")
        assert json.loads(lines.readline()) == {"id": 3, "answer": "still there"}


def test_it_ends_when_an_actor_is_no_more() -> None:
    with serving() as (link, lines, thread):
        ask(link, 1, "die")
        assert json.loads(lines.readline())["error"].startswith("ActorDiedError")
        thread.join(30)
        assert not thread.is_alive()


OPENING = {
    "log_level": 30,
    "worker": asdict(WorkerSettings(token="secret")),
    "wanted": asdict(Wanted(workers=2)),
    "jobs": asdict(JobSettings("/jobs", ("/data",))),
    "folder": "",
    "grace_s": 3.0,
    "gateway_only": True,
    "insecure": False,
}


def spoken(monkeypatch: pytest.MonkeyPatch, attached: Any) -> dict[str, Any]:
    """What a gateway hears that opens with OPENING and lets go at once."""
    monkeypatch.setattr(agent, "attached", attached)
    monkeypatch.setattr(agent, "end_hard_after", lambda _: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile(encoding="utf-8") as lines:
        ours.sendall(json.dumps(OPENING).encode() + b"\n")
        ours.shutdown(socket.SHUT_WR)
        run(theirs)
        said: dict[str, Any] = json.loads(lines.readline())
        return said


def test_what_the_gateway_wants_arrives_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[tuple[object, ...]] = []

    @contextmanager
    def attached(*arguments: object, **options: object) -> Iterator[Attached]:
        got.append((*arguments, options))
        yield Attached(Actor(), Actor(), JobSettings("/jobs", ("/data",)))

    assert spoken(monkeypatch, attached)["jobs"] == {
        **asdict(JobSettings("/jobs", ("/data",))),
        "roots": ["/data"],
    }
    ((worker, wanted, jobs, options),) = got
    assert (worker, wanted) == (WorkerSettings(token="secret"), Wanted(workers=2))
    assert jobs == JobSettings("/jobs", ("/data",))
    assert options == {"folder": "", "grace_s": 3.0, "gateway_only": True, "insecure": False}


def test_no_cluster_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def attached(*_: object, **__: object) -> Any:
        raise RuntimeError("no Ray answers")

    assert spoken(monkeypatch, attached) == {"refused": "no Ray answers"}


def test_a_gateway_that_ended_before_it_said_anything() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        run(theirs)
