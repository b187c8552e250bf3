"""The generated files are what their sources give today, and looking changes nothing."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_generated", ROOT / "tools/check_generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_current(check: ModuleType) -> None:
    assert check.stale_files() == []


def test_the_check_sees_stale_missing_and_orphaned_files(
    check: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (*check.SOURCES, "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(check, "ROOT", tmp_path)
    primitives = tmp_path / "client/telegrad/_primitives.py"
    primitives.write_text(primitives.read_text() + "\nx = 1\n")
    (tmp_path / "docs/operators.md").unlink()
    (tmp_path / "proto/telegrad_proto/v1/gone_pb2.py").write_text("")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert check.stale_files() == [
        "client/telegrad/_primitives.py",
        "docs/operators.md",
        "proto/telegrad_proto/v1/gone_pb2.py",
    ]
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before
