"""What a notebook's user meets beyond values: cells that end, errors that name cells, Ctrl-C in a cell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.notebooks.kernel import kernel_in
from tests.places import Place

pytestmark = pytest.mark.timeout(240)

WAIT_S = 60


@dataclass(slots=True)
class Cell:
    """What came of a cell.

    Attributes:
        out, err: what it wrote.
        result: the text of its last expression.
        error: class and text of what it raised, or None.
    """

    out: str = ""
    err: str = ""
    result: str = ""
    error: tuple[str, str] | None = None


@dataclass(slots=True)
class Kernel:
    """A running kernel.

    Attributes:
        manager: its process.
        client: the way to it.
        cells: what has run.
    """

    manager: KernelManager
    client: BlockingKernelClient
    cells: list[Cell] = field(default_factory=list)

    def run(self, code: str, *, interrupt_at: str = "") -> Cell:
        """Runs a cell to its end; interrupted as soon as it writes the given text to stderr."""
        cell = Cell()
        self.cells.append(cell)
        interrupt = interrupt_at
        request = self.client.execute(code)
        while True:
            message: dict[str, Any] = self.client.get_iopub_msg(timeout=WAIT_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                self.client.get_shell_msg(timeout=WAIT_S)
                return cell
            if kind == "stream" and content["name"] == "stdout":
                cell.out += content["text"]
            elif kind == "stream":
                cell.err += content["text"]
            elif kind == "execute_result":
                cell.result = content["data"]["text/plain"]
            elif kind == "error":
                cell.error = (content["ename"], content["evalue"])
            if interrupt and interrupt in cell.err:
                interrupt = ""
                self.manager.interrupt_kernel()


@pytest.fixture(scope="module")
def kernel(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel in the place, for all tests."""
    folder = tmp_path_factory.mktemp("kernel")
    arguments, environment = kernel_in(folder, place.environment)
    manager = KernelManager(**arguments)
    manager.start_kernel(env=environment, cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=WAIT_S)
        running = Kernel(manager, client)
        running.run("import telegrad as torch")
        yield running
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        with suppress(Empty):
            client.context.destroy(linger=0)


def test_a_cells_end_sends_what_is_pending(kernel: Kernel) -> None:
    kernel.run("x = torch.arange(4.0)\ny = x * 2")
    kernel.run("torch.explain()")
    assert "cell end" in kernel.cells[-1].out
    assert kernel.run("y").result == "tensor([0., 2., 4., 6.])"
    kernel.run("y + 1")
    kernel.run("torch.explain()")
    assert "y + 1" in kernel.cells[-1].out, "the line whose value the notebook shows"
    assert "IPython" not in kernel.cells[-1].out


def test_an_error_names_the_cell_that_made_the_node(kernel: Kernel) -> None:
    kernel.run("x = torch.arange(3.0)\nposition = torch.tensor([1, 7]) + 0\ntaken = x[position]")
    made_in = len(kernel.cells)
    cell = kernel.run("print(taken)")
    assert cell.error is not None
    name, text = cell.error
    assert name == "IndexRangeError"
    assert f"cell {made_in}, line 3" in text.lower(), text
    assert "taken = x[position]" in text
    assert kernel.run("x + 1").result == "tensor([1., 2., 3.])"


def test_a_wrong_shape_fails_in_its_own_cell(kernel: Kernel) -> None:
    cell = kernel.run("torch.ones(2, 3) @ torch.ones(2, 3)")
    assert cell.error is not None
    assert cell.error[1].startswith("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)")


def test_ctrl_c_in_a_waiting_cell_cancels_and_leaves_the_session(kernel: Kernel) -> None:
    chain = "x = torch.full((1400, 1400), 1e-3)\ny = x\nfor _ in range(3000):\n    y = y @ x\n"
    cell = kernel.run(chain + "y.sum().item()", interrupt_at="telegrad: computing")
    assert cell.error is not None
    assert cell.error[0] == "KeyboardInterrupt"
    kernel.run("z = torch.ones(3, requires_grad=True)")
    assert kernel.run("(z * 2).sum().backward()\nz.grad").result == "tensor([2., 2., 2.])"
    assert kernel.run("torch.explain()").out.count("CancelledError") >= 1
