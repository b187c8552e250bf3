"""Failures on purpose: named, counted, and off unless a variable names them."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

import telegrad_server
from telegrad_server.failpoints import FAILING, POINTS, Failpoints


def test_off_by_default() -> None:
    assert not FAILING
    failpoints = Failpoints()
    assert not failpoints
    for name in POINTS:
        failpoints.reach(name)


def test_at_the_time_that_was_said() -> None:
    failpoints = Failpoints("put=error:2,boot=error")
    failpoints.reach("put")
    with pytest.raises(OSError, match="purpose"):
        failpoints.reach("put")
    failpoints.reach("put")
    for _ in range(2):
        with pytest.raises(OSError, match="purpose"):
            failpoints.reach("boot")


def test_while_there_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "now"
    failpoints = Failpoints(f"put=error:1@{file}")
    failpoints.reach("put")
    file.touch()
    with pytest.raises(OSError, match="purpose"):
        failpoints.reach("put")
    failpoints.reach("put")


def test_a_thread_that_hangs_goes_no_further() -> None:
    failpoints = Failpoints("put=hang:1")
    passed = threading.Event()

    def pass_by() -> None:
        failpoints.reach("put")
        passed.set()

    threading.Thread(target=pass_by, daemon=True).start()
    assert not passed.wait(0.05)


def test_a_thread_that_waits_goes_on_when_the_file_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "gate"
    file.touch()
    failpoints = Failpoints(f"shard=wait:1@{file}")
    thread = threading.Thread(target=failpoints.reach, args=("shard",))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    failpoints.reach("shard")  # the second time
    file.unlink()
    thread.join()


@pytest.mark.parametrize("text", ["nowhere=exit", "put=dance", "put=exit:often", "put"])
def test_what_there_is_not(text: str) -> None:
    with pytest.raises(ValueError, match="TELEGRAD_FAILPOINTS"):
        Failpoints(text)


def test_every_place_is_somewhere() -> None:
    package = Path(next(iter(telegrad_server.__path__)))
    text = "".join(path.read_text() for path in package.rglob("*.py") if path.name != "failpoints.py")
    found = set(re.findall(r'reach\("(\w+)"\)', text)) | set(re.findall(r'"(mid_\w+)"', text))
    assert found == set(POINTS)
