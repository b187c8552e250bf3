"""The link to the process that speaks with Ray, with a small program in Ray's place."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from telegrad_server.cluster import link as module
from telegrad_server.cluster.link import Link, LinkError
from telegrad_server.core import restarting

#: Answers what it is asked, ends when it is told to, and counts its lives in a file.
PROGRAM = """
import json, os, socket, sys
link = socket.socket(fileno=int(sys.argv[1]))
lines = link.makefile()
opening = json.loads(lines.readline())
with open(opening["lives"], "a") as file:
    file.write(".")
with open(opening["lives"]) as file:
    life = len(file.read())
def say(**message):
    link.sendall(json.dumps(message).encode() + b"\\n")
if life in opening.get("refused_in", []):
    say(refused=f"no cluster in life {life}")
    sys.exit()
say(life=life)
print("what Ray prints")
for line in lines:
    question = json.loads(line)
    match question["ask"]:
        case "end":
            os._exit(7)
        case "fail":
            say(id=question["id"], error="no such worker")
        case "hang":
            pass
        case "break off":
            link.sendall(b'{"id": 1, "answ')
            os._exit(7)
        case _:
            say(id=question["id"], answer=[life, *question["arguments"]])
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarting, "PAUSES_S", (0.01,))


@contextmanager
def linked(tmp_path: Path, program: str = PROGRAM, **opening: object) -> Iterator[Link]:
    link = Link({"lives": str(tmp_path / "lives"), **opening}, (sys.executable, "-c", program))
    try:
        yield link
    finally:
        link.close(20)
    assert "telegrad-link" not in [thread.name for thread in threading.enumerate()]


def answered(link: Link, *arguments: object) -> Any:
    """An answer, of this life or a later one."""
    for _ in range(3000):
        try:
            return link.ask("echo", *arguments).result(20)
        except LinkError:
            threading.Event().wait(0.02)
    raise TimeoutError


def test_questions_and_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with linked(tmp_path) as link:
        with pytest.raises(LinkError, match="not there yet"):
            link.ask("echo").result(0)
        assert link.begin() == {"life": 1}
        assert link.trouble == ""
        assert link.ask("echo", "worker-1", 2.5).result(20) == [1, "worker-1", 2.5]
        with pytest.raises(LinkError, match="no such worker"):
            link.ask("fail").result(20)
        hanging = link.ask("hang")
    with pytest.raises(LinkError, match="ended"):
        hanging.result(0)
    assert capfd.readouterr().out == "", "a gateway's stdout is for its address"


def test_one_that_never_was_ready_is_an_error(tmp_path: Path) -> None:
    with (
        linked(tmp_path, refused_in=[1]) as link,
        pytest.raises(RuntimeError, match="no cluster in life 1"),
    ):
        link.begin()
    with linked(tmp_path, "raise SystemExit(3)") as link, pytest.raises(RuntimeError, match="ended with 3"):
        link.begin()


def test_one_that_ends_is_started_again_until_it_is_ready(tmp_path: Path) -> None:
    with linked(tmp_path, refused_in=[2, 3]) as link:
        link.begin()
        with pytest.raises(LinkError, match="ended"):
            link.ask("end").result(20)
        assert answered(link, "again") == [4, "again"]
        assert link.trouble == ""


def test_one_that_ends_in_the_middle_of_an_answer_is_started_again(tmp_path: Path) -> None:
    with linked(tmp_path) as link:
        link.begin()
        with pytest.raises(LinkError, match="ended"):
            link.ask("break off").result(20)
        assert answered(link) == [2]


def test_where_none_can_be_started_another_try_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, popen = threading.Event(), subprocess.Popen
    failing = iter([True, True])

    def start(*arguments: Any, **options: Any) -> Any:
        if begun.is_set() and next(failing, False):
            raise OSError("Too many open files")
        return popen(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    with linked(tmp_path) as link:
        link.begin()
        begun.set()
        with pytest.raises(LinkError):
            link.ask("end").result(20)
        assert answered(link) == [2]
    failing = iter([True])
    with (
        linked(tmp_path) as link,
        pytest.raises(RuntimeError, match="started that speaks with Ray: Too many"),
    ):
        link.begin()


def test_while_there_is_none_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarting, "PAUSES_S", (600.0,))
    with linked(tmp_path) as link:
        link.begin()
        with pytest.raises(LinkError):
            link.ask("end").result(20)
        while not link.trouble:
            threading.Event().wait(0.01)
        assert "ended with 7" in link.trouble
        with pytest.raises(LinkError, match="ended with 7"):
            link.ask("echo").result(0)


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HUNG_S", 0.0)
    with linked(tmp_path) as link:
        link.begin()
        hanging = link.ask("hang")
        link.ask("echo")
        with pytest.raises(LinkError):
            hanging.result(20)
        monkeypatch.setattr(module, "_HUNG_S", 600.0)
        assert answered(link) == [2]


def test_not_everything_is_asked_of_one_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_OPEN", 2)
    with linked(tmp_path) as link:
        link.begin()
        link.ask("hang")
        link.ask("hang")
        with pytest.raises(LinkError, match="does not answer"):
            link.ask("echo").result(0)


def test_one_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BEGIN_S", 0.1)
    mute = "import socket, sys; link = socket.socket(fileno=int(sys.argv[1]))\nwhile link.recv(9999): ..."
    with linked(tmp_path, mute) as link, pytest.raises(RuntimeError, match=r"no sign of life within 0\.1 s"):
        link.begin()
