"""The Python in the documents runs as it stands, in its order, and prints what it says it prints."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import telegrad as tg
from tests.places import serving
from tests.server.gateway.desks import desk_in, serving_jobs

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = ("README.md", "docs/durability.md", "docs/jobs.md", "docs/programs.md")
ADDRESS: Final = re.compile(r"\b(127\.0\.0\.1|gateway):7431\b")
DATA: Final = {"s3://bucket/2026/*.parquet": "data/*.parquet"}


def snippets(document: Path) -> list[str]:
    """The document's blocks of Python."""
    return re.findall(r"^```python\n(.*?)^```", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """A folder to work in, with the files that the snippets read."""
    monkeypatch.chdir(tmp_path)
    columns = "a", "b", "c", "height", "width", "depth", "weight"
    Path("data").mkdir()
    for name in ("one", "two"):
        pq.write_table(pa.table({column: rng.normal(size=5) for column in columns}), f"data/{name}.parquet")


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Of a server for sessions, and of one for jobs."""
    desk, _ = desk_in(tmp_path)
    with serving() as (address, _), serving_jobs(desk) as jobs:
        yield address, jobs
        tg.disconnect()


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("document", DOCUMENTS)
def test_snippets_run(document: str, addresses: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    sessions, jobs = addresses
    for snippet in snippets(ROOT / document):
        text = ADDRESS.sub(jobs if "jobs.submit" in snippet else sessions, snippet)
        for theirs, ours in DATA.items():
            text = text.replace(theirs, ours)
        Path("snippet.py").write_text(text, "utf-8")
        runpy.run_path("snippet.py")
        shown = capsys.readouterr().out
        for promised in re.findall(r"^print\(.*\) +# (tensor\(.*)$", snippet, re.MULTILINE):
            assert promised in shown
        tg.disconnect()  # the next may be another process


def test_no_document_with_python_is_left_out() -> None:
    documents = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    assert {str(path.relative_to(ROOT)) for path in documents if snippets(path)} == set(DOCUMENTS)
