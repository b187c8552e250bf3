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
    assert len(LEFT_OUT) > 100
    assert {space for space, _ in LEFT_OUT} >= {
        "torch", "torch.Tensor", "torch.linalg", "torch.special", "torch.nn.functional", "torch.optim",
        "torch.autograd", "torch.autograd.graph", "torch.func", "torch.nn", "torch.nn.utils", "torch.utils",
        "torch.utils.data",
    }  # fmt: skip


@pytest.mark.parametrize(
    "space",
    [
        "nn", "nn.init", "nn.utils", "nn.parallel", "func", "utils", "utils.data", "autograd.graph", "optim",
        "distributions", "fft",
    ],
)  # fmt: skip
def test_any_other_name_says_so_too(space: str) -> None:
    with pytest.raises(
        AttributeError, match=f"torch.{space}.nothing is not in telegrad, see docs/missing.md"
    ):
        importlib.import_module(f"telegrad.{space}").nothing


#: Namespaces of which every name is in telegrad or in the list.
COMPLETE = [
    "autograd", "autograd.functional", "autograd.forward_ad", "autograd.graph", "distributions", "fft",
    "func", "linalg", "nn", "nn.init", "nn.utils", "nn.utils.parametrizations", "nn.utils.parametrize",
    "nn.utils.rnn", "optim", "optim.lr_scheduler", "special", "utils", "utils.data",
]  # fmt: skip


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("space", COMPLETE)
def test_what_torch_has_is_there_or_left_out(space: str) -> None:
    pytest.importorskip("torch")
    theirs = importlib.import_module(f"torch.{space}")
    mine = importlib.import_module(f"telegrad.{space}")
    public = getattr(theirs, "__all__", None) or [
        name
        for name, thing in vars(theirs).items()
        if str(getattr(thing, "__module__", "")).startswith(f"torch.{space}")
    ]
    left_out = {name for where, name in LEFT_OUT if where == f"torch.{space}"}
    lacking = [name for name in public if not name.startswith("_") and not hasattr(mine, name)]
    assert sorted(set(lacking) - left_out) == []
