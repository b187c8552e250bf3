"""Adding an operator, as CONTRIBUTING.md shows it, changes the files that it names and no other."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("proto", "client", "engine")
RECORD = "engine/telegrad_engine/ops/special.py"
FUNCTION = "client/telegrad/special.py"
GENERATED = {"proto/telegrad_proto/opset.json", "client/telegrad/_primitives.py", "docs/operators.md"}

USE = """
import numpy as np
from scipy.special import dawsn
import telegrad as torch

x = torch.tensor([0.3, -1.5, 8.0], dtype=torch.float64, requires_grad=True)
y = torch.special.dawson(x)
points = np.array([0.3, -1.5, 8.0])
np.testing.assert_allclose(y.detach().numpy(), dawsn(points))
assert y.grad_fn.name() == "SpecialDawsonBackward0"
(first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
slope = 1 - 2 * points * dawsn(points)
np.testing.assert_allclose(first.detach().numpy(), slope, rtol=1e-12)
(second,) = torch.autograd.grad(first.sum(), x)
np.testing.assert_allclose(second.numpy(), -2 * dawsn(points) - 2 * points * slope, rtol=1e-10)
assert torch.special.dawson(torch.tensor([1, 2])).dtype is torch.float32
mapped = torch.vmap(torch.special.dawson)(x.detach().reshape(3, 1))
np.testing.assert_allclose(mapped.numpy()[:, 0], dawsn(points))
jacobian = torch.func.jacrev(torch.special.dawson)(x.detach())
np.testing.assert_allclose(np.diag(jacobian.numpy()), slope, rtol=1e-12)
"""


def blocks() -> list[str]:
    """The Python blocks of the chapter, in their order."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    chapter = text.split("## Adding an operator")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", chapter, re.DOTALL)


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".hypothesis" not in path.parts
    }


def run(root: Path, *arguments: str) -> str:
    """What a Python process prints that finds the packages under root before the installed ones."""
    environment: Mapping[str, str] = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(root / folder) for folder in PACKAGES),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, with the operator added as the chapter says."""
    root = tmp_path_factory.mktemp("adding")
    for folder in (*PACKAGES, "docs", "tests"):
        shutil.copytree(
            ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.ipynb", "notebooks")
        )
    shutil.copy(ROOT / "pyproject.toml", root)
    before = digests(root)
    record, function = blocks()
    for path, block in ((RECORD, record), (FUNCTION, function)):
        file = root / path
        file.write_text(file.read_text("utf-8") + "\n\n" + block, "utf-8")
    run(root, "-m", "telegrad_engine.catalogue", str(root))
    after = digests(root)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {RECORD, FUNCTION, *GENERATED}
    return root


def test_it_can_be_used_at_once(copy: Path) -> None:
    run(copy, "-c", USE)


def test_the_tests_of_all_records_take_it_up(copy: Path) -> None:
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "dawson or catalogue")
    said = run(copy, *arguments, "tests/engine/ops/test_registry.py", "tests/engine/ops/test_batches.py")
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed.group(1)) >= 6, said
    run(copy, *arguments[:-2], "tests/engine/test_catalogue.py::test_the_text_is_the_file")


def test_the_blocks_are_as_the_tree_is_written(copy: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    for path in (RECORD, FUNCTION):
        for command in (["check"], ["format", "--check"]):
            whole = [str(ruff), *command, "--no-cache", str(copy / path)]
            done = subprocess.run(whole, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
