"""The form of the tree: sizes, names, no unfinished bodies."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("proto", "client", "engine", "server", "tools", "deploy", "examples")


def load_tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sizes_and_names() -> None:
    assert load_tool("check_sizes").complaints() == []


def test_the_size_check_sees_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = load_tool("check_sizes")
    (tmp_path / "long.py").write_text("x = 1\n" * 401)
    (tmp_path / "fine.py").write_text("x = 1\n" * 400)
    (tmp_path / "long_pb2.py").write_text("x = 1\n" * 401)
    (tmp_path / "utils.py").write_text("")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check, "python_files", lambda: sorted(tmp_path.iterdir()))
    assert [line.split(":")[0] for line in check.complaints()] == ["long.py", "utils.py"]


@pytest.mark.parametrize("folder", ["proto", "client", "engine", "server", "tests"])
def test_top_folders_are_project_roots_and_no_packages(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def unfinished(source: str) -> list[str]:
    """One line for every body that only promises."""
    found = [f"note: {m.group()}" for m in re.finditer(r"#.*\b(TODO|FIXME|XXX|HACK)\b.*", source)]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if (
                isinstance(raised, ast.Name)
                and raised.id == "NotImplementedError"
                and not isinstance(node.exc, ast.Call)
            ):
                found.append(f"{node.lineno}: raise NotImplementedError")
    return found


@pytest.mark.parametrize("folder", PRODUCT)
def test_nothing_is_left_unfinished(folder: str) -> None:
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "_pb2" not in path.name and (lines := unfinished(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_the_search_for_unfinished_bodies_sees_them() -> None:
    assert unfinished("def f():\n    raise NotImplementedError\n") != []
    assert unfinished("x = 1  # TO" + "DO: more\n") != []
    assert unfinished("def f():\n    return NotImplemented\n") == []


@pytest.mark.parametrize("folder", ["proto", "client", "engine", "server"])
def test_every_module_has_the_future_import(folder: str) -> None:
    missing = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "_pb2" not in path.name
        and (text := path.read_text(encoding="utf-8")).strip()
        and "from __future__ import annotations" not in text
        and any(not isinstance(n, ast.Expr) for n in ast.parse(text).body)
    ]
    assert missing == []
