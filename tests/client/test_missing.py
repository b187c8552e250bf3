"""What is left out of torch's namespaces is listed, and says so where it is looked up."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import telegrad as tg

ROOT = Path(__file__).parents[2]

ROW = re.compile(r"^\| `(torch[\w.]*)` \| ((?:`\w+` ?)+)\|", re.MULTILINE)

TEXT = (ROOT / "docs" / "missing.md").read_text(encoding="utf-8")
LEFT_OUT = [(space, name) for space, names in ROW.findall(TEXT) for name in re.findall(r"`(\w+)`", names)]


@pytest.mark.parametrize(("space", "name"), LEFT_OUT, ids=[f"{space}.{name}" for space, name in LEFT_OUT])
def test_what_is_left_out_says_so(space: str, name: str) -> None:
    here = space.removeprefix("torch").removeprefix(".")
    owner = (
        tg.ones(1)
        if here == "Tensor"
        else importlib.import_module(f"telegrad.{here}" if here else "telegrad")
    )
    with pytest.raises(
        AttributeError, match=f"{re.escape(space)}.{name} is not in telegrad, see docs/missing.md"
    ):
        getattr(owner, name)


def test_the_list_is_read() -> None:
    assert len(LEFT_OUT) > 60
    assert {space for space, _ in LEFT_OUT} == {
        "torch", "torch.Tensor", "torch.linalg", "torch.special", "torch.nn.functional", "torch.optim",
        "torch.autograd",
    }  # fmt: skip
