"""The reference documents' cells in a real Jupyter kernel, in the three places, show what PyTorch shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot as plt

from tests.notebooks.kernel import (
    CURVES,
    IMPORTS,
    NAMES,
    code_cells,
    load,
    run,
    shown,
    tags,
    with_probe,
    with_telegrad,
)
from tests.places import Place

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*(?:e[-+]\d+)?|inf|nan)")

#: Jupyter's own threads and sockets end a little after the kernel; what they say then is about them.
pytestmark = pytest.mark.timeout(240)


def structure(text: str) -> str:
    """The text with every number a `#`, and white space, whose width follows the numbers, one blank."""
    return " ".join(NUMBER.sub("#", text).split()).replace("[ ", "[")


def matrix(text: str, columns: int) -> np.ndarray:
    return np.array([float(n) for n in NUMBER.findall(text)]).reshape(-1, columns)


def all_rows_are_equal(text: str) -> bool:
    values = matrix(text, 20)
    return values.shape == (10, 20) and bool((values == values[0]).all()) and len(set(values[0])) > 1


def each_row_is_one_number(text: str) -> bool:
    values = matrix(text, 5)
    return values.shape == (20, 5) and bool((values == values[:, :1]).all()) and len(set(values[:, 0])) > 1


def the_slope_is_the_quotient(text: str) -> bool:
    a, d = (float(n) for n in NUMBER.findall(text)[:2])
    return text.rstrip().endswith("tensor(True)") and abs(d) >= 500 and (a < 0) == (d < 0)


def a_power_of_two_or_a_hundred_of_it(text: str) -> bool:
    slope = float(NUMBER.findall(text)[-1])
    return slope in [2.0**n for n in range(40)] or slope / 100 in [2.0**n for n in range(40)]


#: What the documents show by numbers that nobody draws twice: how the cell ends, what holds of its output.
RELATIONS: dict[str, Callable[[str], bool]] = {
    "a.grad == d / a\nprint(a.grad)": a_power_of_two_or_a_hundred_of_it,
    "d.backward()\n\na.grad == d / a": the_slope_is_the_quotient,
    "print(a)\nd = f(a)\nd.backward()": lambda text: len(NUMBER.findall(text)) == 1,
    "print(x.grad)": all_rows_are_equal,
    "print(w.grad)": each_row_is_one_number,
}


def relation(cell: Any) -> Callable[[str], bool]:
    return next(holds for line, holds in RELATIONS.items() if cell.source.endswith(line))


def changed(notebook: Any) -> Any:
    copy = with_probe(notebook)
    for cell in code_cells(copy):
        cell.source, cell.outputs = with_telegrad(cell.source), []
    return copy


@pytest.mark.parametrize("name", NAMES)
def test_documents_show_what_torch_shows(name: str, place: Place, tmp_path: Path) -> None:
    expected = load(name)
    notebook = changed(expected)
    run(notebook, tmp_path, place.environment)
    for theirs, mine in zip(code_cells(expected), code_cells(notebook), strict=False):
        what = f"{name}, {place.name}, cell:\n{theirs.source}"
        if "random" in tags(theirs):
            assert structure(shown(mine)) == structure(shown(theirs)), what
            assert relation(theirs)(shown(theirs)), f"torch: {what}"
            assert relation(theirs)(shown(mine)), what
        else:
            assert shown(mine) == shown(theirs), what
    if notebook.cells[-1].id == "probe":
        drawn = json.loads(shown(notebook.cells[-1]))
        # PyTorch's vectorised arange is an ulp off here and there: 9.5e-7 at 9.
        np.testing.assert_allclose(drawn, json.loads(CURVES.read_text()), rtol=0, atol=2e-6)
        check_picture(notebook, tmp_path)


def check_picture(notebook: Any, folder: Path) -> None:
    """One picture, as large as was asked for, with both curves in it."""
    [picture] = [
        output.data["image/png"]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "display_data"
    ]
    file = folder / "picture.png"
    file.write_bytes(base64.b64decode(picture))
    pixels = plt.imread(file)[..., :3]
    assert pixels.shape[1] > 1.5 * pixels.shape[0] > 450
    for colour in ((31, 119, 180), (191, 0, 191)):  # matplotlib's first blue, and m, of the dashed line
        near = np.abs(pixels - np.array(colour) / 255).max(axis=-1) < 0.02
        assert near.any(axis=0).mean() > 0.5, f"no curve of colour {colour} across the picture"


def test_pictures_data_is_the_sine_and_its_derivative() -> None:
    x, y, slope = np.array(json.loads(CURVES.read_text()))
    np.testing.assert_allclose(y, np.sin(x), atol=1e-6)
    np.testing.assert_allclose(slope, np.cos(x), atol=1e-6)


def test_a_bar_that_is_gone_is_not_shown() -> None:
    bar = "\rtelegrad: computing, 00:00\rtelegrad: computing, 00:01\r                          \r"
    cell = nbformat.v4.new_code_cell(
        outputs=[
            *(nbformat.v4.new_output("stream", name="stderr", text=f"\r{part}") for part in bar.split("\r")),
            nbformat.v4.new_output("stream", name="stdout", text="1\n"),
            nbformat.v4.new_output("stream", name="stderr", text=f"{bar}a warning\n"),
        ]
    )
    assert shown(cell) == "1\nstderr: a warning\n"


def test_only_import_lines_change() -> None:
    for name in NAMES:
        for cell in code_cells(load(name)):
            before, after = cell.source.split("\n"), with_telegrad(cell.source).split("\n")
            assert len(before) == len(after)
            assert {b for b, a in zip(before, after, strict=True) if a != b} <= set(IMPORTS)
            assert "torch" not in after[0] or "telegrad" in after[0] or "torch." in after[0], cell.source


def test_random_cells_have_a_relation() -> None:
    cells = [cell for name in NAMES for cell in code_cells(load(name)) if "random" in tags(cell)]
    assert len(cells) == 5
    assert all(relation(cell) for cell in cells)
