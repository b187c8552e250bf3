"""Fails when a file has grown past what a reader can hold, or has a name that says nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"}


def is_generated(name: str) -> bool:
    return "_pb2" in name or name == "_primitives.py"


def python_files() -> Iterator[Path]:
    """Every Python file that is in git, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    for line in sorted(set(listed.stdout.splitlines())):
        if (ROOT / line).is_file():
            yield ROOT / line


def complaints() -> list[str]:
    """One line a file that breaks a rule."""
    found = []
    for path in python_files():
        name = path.relative_to(ROOT).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES and not is_generated(path.name):
            found.append(f"{name}: {lines} lines, at most {MAX_LINES}: split it by what it is about")
        if path.name in VAGUE_NAMES:
            found.append(f"{name}: the name does not say what is in it")
    return found


def main() -> None:
    found = complaints()
    if found:
        sys.exit("\n".join(found))
    print(f"no file is over {MAX_LINES} lines")


if __name__ == "__main__":
    main()
