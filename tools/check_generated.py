"""Fails when a generated file differs from what its source gives today; changes nothing in the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("proto", "client", "engine", "docs")
GENERATED = (
    "proto/telegrad_proto/v1/*_pb2*.py",
    "proto/telegrad_proto/v1/*_pb2*.pyi",
    "proto/telegrad_proto/opset.json",
    "client/telegrad/_primitives.py",
    "docs/operators.md",
)


def generated_files(root: Path) -> dict[str, bytes]:
    """The generated files under root, by their path from it."""
    paths = (path for pattern in GENERATED for path in root.glob(pattern))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def stale_files() -> list[str]:
    """The generated files of this checkout that are missing, too many, or not what their source gives."""
    # Stubs are not copied: one whose .proto is gone would look current.
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "*_pb2*")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in SOURCES:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        subprocess.run([sys.executable, str(ROOT / "tools/generate.py"), folder], check=True)
        fresh = generated_files(copy)
    present = generated_files(ROOT)
    return sorted(name for name in fresh.keys() | present.keys() if fresh.get(name) != present.get(name))


def main() -> None:
    stale = stale_files()
    if stale:
        sys.exit("not current (run `make gen`):\n  " + "\n  ".join(stale))
    print("generated files are current")


if __name__ == "__main__":
    main()
