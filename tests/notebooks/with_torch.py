"""Runs the documents' notebooks with PyTorch itself and keeps what they show, in today's format.

    python -m tests.notebooks.with_torch

This is how the outputs in documents/ came to be; the tests hold telegrad's against them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nbformat

from tests.notebooks.kernel import CURVES, DOCUMENTS, NAMES, code_cells, load, run, shown, with_probe


def freeze(notebook: Any) -> None:
    """Takes out of the notebook what differs from run to run and says nothing: times, tracebacks, images."""
    for count, cell in enumerate(code_cells(notebook), 1):
        cell.metadata.pop("execution", None)
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "error":
                output.traceback = []
            elif output.output_type == "display_data":
                output.data = {"text/plain": output.data["text/plain"]}
            elif output.output_type == "execute_result":
                output.execution_count = count
    notebook.metadata = {"language_info": {"name": "python"}}


def main() -> None:
    """Runs all notebooks and writes them back."""
    import torch  # a dependency of this script only

    for name in NAMES:
        notebook = with_probe(load(name))
        with tempfile.TemporaryDirectory() as folder:
            run(notebook, Path(folder))
        if notebook.cells[-1].id == "probe":
            CURVES.write_text(shown(notebook.cells.pop()))
        freeze(notebook)
        nbformat.write(notebook, DOCUMENTS / f"{name}.ipynb")
        print(f"{name}: {len(code_cells(notebook))} cells with torch {torch.__version__}")
        for cell in code_cells(notebook):
            print(shown(cell), end="")


if __name__ == "__main__":
    main()
