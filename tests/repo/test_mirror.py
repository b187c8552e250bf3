"""Every module has its tests at the same place under tests/."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "proto": "telegrad_proto",
    "client": "telegrad",
    "engine": "telegrad_engine",
    "server": "telegrad_server",
}
#: Modules whose tests stand elsewhere, with the place.
ELSEWHERE: dict[str, str] = {}


def modules(folder: str) -> list[str]:
    """The modules of a package by their path in it; generated ones and `__init__.py` are not asked for."""
    top = ROOT / folder / PACKAGES[folder]
    return [
        path.relative_to(top).as_posix()
        for path in sorted(top.rglob("*.py"))
        if path.name not in ("__init__.py", "_primitives.py") and "_pb2" not in path.name
    ]


def mirror(folder: str, module: str) -> Path:
    path = Path(module)
    return ROOT / "tests" / folder / path.parent / f"test_{path.stem.lstrip('_')}.py"


@pytest.mark.parametrize("folder", PACKAGES)
def test_every_module_has_its_tests(folder: str) -> None:
    missing = [
        f"{folder}/{PACKAGES[folder]}/{module} -> {mirror(folder, module).relative_to(ROOT)}"
        for module in modules(folder)
        if f"{folder}/{module}" not in ELSEWHERE and not mirror(folder, module).exists()
    ]
    assert missing == []


def test_the_exemptions_are_needed_and_true() -> None:
    for name, place in ELSEWHERE.items():
        folder, module = name.split("/", 1)
        assert module in modules(folder), f"{name} is gone"
        assert not mirror(folder, module).exists(), f"{name} has tests of its own by now"
        assert (ROOT / place).exists(), f"{place} is gone"
