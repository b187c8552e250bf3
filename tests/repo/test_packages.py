"""The four packages: one version, pinned to each other; what they import is what they declare."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "proto": ("telegrad-proto", "telegrad_proto"),
    "client": ("telegrad", "telegrad"),
    "engine": ("telegrad-engine", "telegrad_engine"),
    "server": ("telegrad-server", "telegrad_server"),
}
#: The import name where it is not the distribution's.
DISTRIBUTION = {
    "google": "protobuf",
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "grpc_reflection": "grpcio-reflection",
    "pydantic": "pydantic-settings",
    "pydantic_settings": "pydantic-settings",
    "yaml": "pyyaml",
    "cupy": "cupy-cuda13x",
    "cupyx": "cupy-cuda13x",
    "telegrad_proto": "telegrad-proto",
    "telegrad_engine": "telegrad-engine",
    "telegrad_server": "telegrad-server",
}
#: Asked for by nobody, taken where they are there: IPython is the notebook's, torch the user's.
NOT_DECLARED = {"IPython", "torch", "jax", "onnx", "scipy", "matplotlib"}


def project(folder: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    return table


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None
    return match.group().lower()


def imported(folder: str, package: str) -> dict[str, list[str]]:
    """The external top-level modules that a package imports, each with the files that do."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top != package:
                    found.setdefault(top, []).append(path.relative_to(ROOT).as_posix())
    return found


def test_one_version_and_each_pinned_to_the_others() -> None:
    versions = {project(folder)["version"] for folder in PACKAGES}
    assert len(versions) == 1
    version = versions.pop()
    for folder in PACKAGES:
        extras = project(folder).get("optional-dependencies", {}).values()
        for requirement in [*project(folder)["dependencies"], *(r for extra in extras for r in extra)]:
            if name_of(requirement).startswith("telegrad"):
                assert requirement.endswith(f"=={version}"), f"{folder}: {requirement}"


@pytest.mark.parametrize("folder", PACKAGES)
def test_version_in_the_code_is_the_package_version(folder: str) -> None:
    source = (ROOT / folder / PACKAGES[folder][1] / "__init__.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if found is not None:
        assert found.group(1) == project(folder)["version"]


@pytest.mark.parametrize("folder", PACKAGES)
def test_what_is_imported_is_declared(folder: str) -> None:
    extras = project(folder).get("optional-dependencies", {}).values()
    declared = {
        name_of(r) for r in [*project(folder)["dependencies"], *(r for extra in extras for r in extra)]
    }
    undeclared = {
        module: files
        for module, files in imported(folder, PACKAGES[folder][1]).items()
        if DISTRIBUTION.get(module, module) not in declared and module not in NOT_DECLARED
    }
    assert undeclared == {}


def test_the_contract_needs_the_standard_library_and_protobuf_only() -> None:
    outside = imported("proto", "telegrad_proto")
    stub = "proto/telegrad_proto/v1/session_pb2_grpc.py"
    assert outside.keys() <= {"google", "grpc"}
    assert set(outside.get("grpc", [])) <= {stub}


def pins() -> dict[str, str]:
    lines = (line.strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
    return dict(line.lower().split("==") for line in lines if line and not line.startswith("#"))


def test_constraints_name_versions_only() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"#[^:/]*|[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!+]*", line), line


def test_every_direct_dependency_is_pinned() -> None:
    known = {name.replace("_", "-") for name in pins()}
    wanted = [
        name for line in (ROOT / "requirements-dev.txt").read_text().splitlines() if (name := line.strip())
    ]
    for folder in PACKAGES:
        wanted += project(folder)["dependencies"]
    names = {name_of(r).replace("_", "-") for r in wanted if not r.startswith("#")}
    assert {n for n in names if not n.startswith("telegrad")} - known == set()
