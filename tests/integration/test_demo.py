"""The demonstration runs as a person runs it, says what it did, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_ends_well_and_tells_what_it_did(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "first_light.py"],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert any("x.grad         tensor([ 0.,  4.,  8., 12.])" in line for line in lines)
    trips = [int(n) for n in re.findall(r"(\d+) round trips", done.stdout)]
    assert trips[-1] == sum(trips[:-1])
    assert trips[0] == 1, "one backward on a fresh graph is one message"
    assert "all results are what calculus says" in done.stdout
    assert list(tmp_path.iterdir()) == []
