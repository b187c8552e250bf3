"""Runs the documents' notebooks in a real Jupyter kernel, which writes nothing outside a given folder."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

DOCUMENTS: Final = Path(__file__).parent / "documents"
NAMES: Final = tuple(sorted(path.stem for path in DOCUMENTS.glob("*.ipynb")))

#: The only lines of a document that change: those that import torch.
IMPORTS: Final = {
    "import torch": "import telegrad as torch",
    "from torch.autograd import Variable": "from telegrad.autograd import Variable",
}

#: The numbers of the picture, from PyTorch: x, sin(x), its derivative.
CURVES: Final = DOCUMENTS / "curves.json"

#: Where Jupyter and IPython keep things.
WRITTEN_TO: Final = (
    "HOME",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
)

#: A bar, each time that it was drawn over itself, or wiped.
BAR: Final = re.compile(r"\r(?:telegrad:[^\r\n]*| *(?=\r|\Z))?")

#: No cell of the documents takes longer, by far.
CELL_TIMEOUT_S: Final = 90


def load(name: str) -> Any:
    """The notebook of that name, as PyTorch ran it: its cells and what they showed."""
    return nbformat.read(DOCUMENTS / f"{name}.ipynb", as_version=4)


def with_telegrad(source: str) -> str:
    """The cell with its import lines changed, and nothing else."""
    return "\n".join(IMPORTS.get(line, line) for line in source.split("\n"))


def code_cells(notebook: Any) -> list[Any]:
    """The cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: Any) -> list[str]:
    """What is said about a cell: setup (ours, for what the document leaves out), random, error, plot."""
    return list(cell.metadata.get("tags", []))


def shown(cell: Any) -> str:
    """What a person sees below the cell in the end, as text: printed lines, then the result; errors by name.

    The bar that is there while a cell waits, on a busy machine, is gone by then.
    """
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stdout":
                parts.append(output.text)
            elif said := BAR.sub("", output.text):
                parts.append(f"stderr: {said}")
        elif output.output_type == "error":
            parts.append(f"{output.ename}\n")
        else:  # a result, or a picture by its text: "<Figure size 800x400 with 1 Axes>"
            parts.append(output.data["text/plain"] + "\n")
    return "".join(parts)


def with_probe(notebook: Any) -> Any:
    """A copy of the notebook with a last cell that prints the numbers of its picture, where it draws one."""
    copy = nbformat.from_dict(notebook)
    if any("plot" in tags(cell) for cell in copy.cells):
        probe = "import json\n\nprint(json.dumps([x_np.tolist(), y_np.tolist(), grad_np.tolist()]))"
        copy.cells.append(nbformat.v4.new_code_cell(probe, id="probe", metadata={"tags": ["setup"]}))
    return copy


def kernel_in(
    folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """How to start a kernel of this Python that writes nothing outside the folder.

    Args:
        folder: takes everything that the kernel and Jupyter write.
        environment: variables for the kernel, added to this process's.

    Returns:
        The arguments of a kernel manager, and the kernel's environment.
    """
    spec = folder / "kernels" / "document"
    spec.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "document", "language": "python"})
    )
    variables = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    variables.update(dict.fromkeys(WRITTEN_TO, str(folder)))
    # Matplotlib's own cache may be there already; where it is not, it says that making it takes long.
    variables.setdefault("MPLCONFIGDIR", str(folder))
    manager = {
        "kernel_name": "document",
        "kernel_spec_manager": KernelSpecManager(kernel_dirs=[str(folder / "kernels")]),
        "connection_file": str(folder / "connection.json"),
    }
    return manager, {**variables, **(environment or {})}


def run(notebook: Any, folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """Runs every cell in a kernel; the cells' outputs are replaced by what they show.

    Args:
        notebook: what to run; changed.
        folder: takes everything that the kernel and Jupyter write.
        environment: variables for the kernel, added to this process's.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised that should not have.
    """
    manager, variables = kernel_in(folder, environment)
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(**manager),
        timeout=CELL_TIMEOUT_S,
        resources={"metadata": {"path": str(folder)}},
    )
    # nbclient ends the kernels of managers that it made itself; the rest it leaves, unless told.
    client.execute(cleanup_kc=True, env=variables)
