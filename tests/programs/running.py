"""Runs a program's file as it is, or with the name of its one import changed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Final

SCRIPTS: Final = Path(__file__).parent / "scripts"
NAMES: Final = tuple(sorted(path.stem for path in SCRIPTS.glob("*.py")))

#: What each program prints under PyTorch: the losses of its fifty steps, then other numbers of its own.
EXPECTED: Final = Path(__file__).parent / "losses.json"

#: The only line of a program that changes.
IMPORT: Final = "import torch"
CHANGED: Final = "import telegrad as torch"


def source(name: str) -> str:
    """The program's text."""
    return (SCRIPTS / f"{name}.py").read_text()


def with_telegrad(text: str) -> str:
    """The text with its import line changed, and nothing else."""
    return "\n".join(CHANGED if line == IMPORT else line for line in text.split("\n"))


def losses(name: str, folder: Path, *, changed: bool = True) -> list[float]:
    """What the program computes.

    Args:
        name: the program.
        folder: takes the file that is run.
        changed: under telegrad; else under PyTorch, as it stands.
    """
    file = folder / f"{name}.py"
    file.write_text(with_telegrad(source(name)) if changed else source(name))
    spec = importlib.util.spec_from_file_location(f"program_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[float] = module.main()
    return found


def expected() -> dict[str, list[float]]:
    """What PyTorch computes, by program."""
    found: dict[str, list[float]] = json.loads(EXPECTED.read_text())
    return found
