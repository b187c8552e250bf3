"""The documents tell the truth about files and targets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from telegrad.cli.app import app as client
from telegrad_server.cli import app as server

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ("README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md")
DOCUMENTS = (*HOUSE, *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
PATH_IN_TEXT = re.compile(
    r"`((?:\.ci|proto|client|engine|server|tests|tools|deploy|docs|examples)/[\w./-]*)`"
)


def targets() -> set[str]:
    """The Makefile's documented targets."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_a_document_names_exist(document: str) -> None:
    names = PATH_IN_TEXT.findall((ROOT / document).read_text(encoding="utf-8"))
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", [*HOUSE, "CHANGELOG.md", "LICENSE", "docker-compose.yml", ".ci/run"])
def test_the_house_is_complete(document: str) -> None:
    assert (ROOT / document).is_file()


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / document).read_text(encoding="utf-8")):
            assert (ROOT / document).parent.joinpath(link).exists(), f"{document} links to {link}"


def options(command: Any) -> set[str]:
    """The long options of a command and of those below it."""
    found = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    for below in getattr(command, "commands", {}).values():
        found |= options(below)
    return {option for option in found if option.startswith("--")}


@pytest.mark.parametrize("document", ["README.md", "docs/durability.md", "docs/jobs.md", "docs/programs.md"])
def test_options_that_a_document_names_exist(document: str) -> None:
    known = {"--help"}.union(*(options(typer.main.get_command(app)) for app in (client, server)))
    assert set(re.findall(r"--[a-z][a-z-]+", (ROOT / document).read_text(encoding="utf-8"))) <= known


def test_readme_names_every_target_and_no_other() -> None:
    named = set(re.findall(r"make ([a-z][a-z-]*)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named == targets()


def test_targets_of_the_makefile_are_phony() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert targets() <= set(phony.group(1).split())


def test_the_machine_runs_what_the_readme_names() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^step \w+ ([a-z-]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert commands
    assert all(f"make {target}" in readme for target in commands)
