"""The walk of one `backward()` in ARCHITECTURE.md names the files that the call passes through, no others."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# In a process of its own: a profile function sees every call of every thread, and caches are cold.
TRACE = """
import sys, threading
from pathlib import Path
import telegrad as torch
from telegrad.transport import grpc
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings

root = Path(sys.argv[1])
seen = set()

def profile(frame, event, argument):
    code = frame.f_code
    if event == "call" and code.co_name != "<module>":
        seen.add(code.co_filename)

def step():
    x = torch.arange(4.0, requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward()
    return x.grad.numpy().tolist()

worker = make_worker(WorkerSettings())
threading.setprofile(profile)
torch.connect(worker.start(), progress=False)
sys.setprofile(profile)
gradients = step(), step()
sys.setprofile(None)
threading.setprofile(None)
torch.disconnect()
worker.stop()
assert gradients == ([0.0, 4.0, 8.0, 12.0],) * 2, gradients
for path in map(Path, seen):
    for folder in ("proto", "client", "engine", "server"):
        if (root / folder) in path.parents and "_pb2" not in path.name:
            print(path.relative_to(root).as_posix())
"""


def walk() -> set[str]:
    """The files that the numbered steps name."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = re.search(r"## The walk of one `backward\(\)`\n(.*?)\nEmbedded, steps", text, re.DOTALL)
    assert section is not None
    return set(re.findall(r"`((?:proto|client|engine|server)/[\w/.]+\.py)`", section.group(1)))


def test_the_walk_names_each_file_and_no_other() -> None:
    command = [sys.executable, "-c", TRACE, str(ROOT)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert finished.returncode == 0, finished.stderr
    passed = set(finished.stdout.split())
    named = walk()
    assert passed - named == set(), "the call passes through these too"
    assert named - passed == set(), "the call does not pass through these"
