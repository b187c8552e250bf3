"""A process that ends, told once or twice, in each of the ways a supervisor tells it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

#: Says when it is ready, when it is told to end, and waits for a line before it does.
_PROGRAM = """
import os, sys
from telegrad_server.ending import EndingSignal, end_hard_after
ending = EndingSignal(lambda: os.write(1, b"told\\n"))
print("ready", flush=True)
ending.wait()
if sys.argv[1:] == ["hangs"]:
    end_hard_after(0.05).join()
    sys.stdin.read()
sys.stdin.readline()
"""


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def _told(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "told\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_sigterm_changes_nothing(number: signal.Signals) -> None:
    with _process() as process:
        process.send_signal(number)
        _told(process)
        for _ in range(10):
            process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate("go on\n", timeout=60)
        assert (rest, process.returncode) == ("", 0)


def test_a_second_ctrl_c_ends_it_at_once() -> None:
    with _process() as process:
        process.send_signal(signal.SIGTERM)
        _told(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 128 + signal.SIGINT


def test_an_end_that_hangs_is_cut_short() -> None:
    with _process("hangs") as process:
        process.send_signal(signal.SIGTERM)
        _told(process)
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert "did not end in time" in process.stderr.read()
