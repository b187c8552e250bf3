"""The README's first example runs, on a server, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.places import serving

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_prints_what_it_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example, *_ = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert len(example.strip().splitlines()) <= 20
    with serving() as (address, _):
        code = example.replace("127.0.0.1:7431", address)
        assert code != example
        finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    shown = finished.stdout
    assert shown.startswith("tensor([ 0.,  4.,  8., 12.])\n")
    assert "tensor([1.0000, 1.0000, 1.0000], requires_grad=True)" in shown, "the descent reaches its target"
    messages = re.search(r"(\d+) messages to", shown)
    assert messages is not None
    assert 101 <= int(messages.group(1)) <= 104, "one message a backward(), and one for the last look"
