"""The documents tell the truth about files and targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md")
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


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md", "LICENSE", "docker-compose.yml", ".ci/run"])
def test_the_house_is_complete(document: str) -> None:
    assert (ROOT / document).is_file()


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / document).read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), f"{document} links to {link}"


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
