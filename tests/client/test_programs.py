"""Programs behave as they do under torch."""

from __future__ import annotations

from pathlib import Path

import pytest

import telegrad
from tests.client.programs import FOLDER, output_of, read

PROGRAMS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_prints_what_it_prints_under_torch(path: Path) -> None:
    program, expected = read(path)
    assert output_of(program, telegrad) == expected


@pytest.mark.torch
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_files_tell_the_truth_about_torch(path: Path) -> None:
    torch = pytest.importorskip("torch")
    program, expected = read(path)
    assert output_of(program, torch) == expected


def test_there_are_programs() -> None:
    assert len(PROGRAMS) > 25
