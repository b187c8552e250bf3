"""PyTorch's own functions and modules on our tensors."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.interop.torch import call, counterpart, to_torch

torch = pytest.importorskip("torch")

CALLS: dict[str, Callable[[Any], Any]] = {
    "built in": lambda x: torch.pairwise_distance(x, x + 1),
    "nn.functional": torch.nn.functional.relu,
    "built into nn": torch.nn.functional.gelu,
    "linalg": lambda x: torch.linalg.norm(x, dim=1),
    "special": torch.special.erf,
    "fft": lambda x: torch.fft.fft(x).abs(),
    "functional": lambda x: torch.einsum("ij,kj->ik", x, x),
    "lists": lambda x: torch.cat([x, x * 2]),
    "a module": lambda x: torch.nn.PairwiseDistance()(x, x * 2),
    "a loss": lambda x: torch.nn.SmoothL1Loss()(x, x * 2),
}


@pytest.mark.parametrize("function", CALLS.values(), ids=CALLS)
def test_torchs_functions_take_our_tensors(function: Callable[[Any], Any], rng: np.random.Generator) -> None:
    numbers = rng.normal(size=(3, 4))
    mine = tg.tensor(numbers, requires_grad=True)
    theirs = torch.tensor(numbers, requires_grad=True)
    made, wanted = function(mine), function(theirs)
    assert isinstance(made, tg.Tensor)
    np.testing.assert_allclose(made.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)
    made.sum().backward()
    wanted.sum().backward()
    np.testing.assert_allclose(mine.grad.numpy(), theirs.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_tensors_of_both_are_refused() -> None:
    with pytest.raises(TypeError, match=r"add\(\): requires tensors of one library, got telegrad.Tensor"):
        torch.add(tg.ones(2), torch.ones(2))
    with pytest.raises(TypeError, match=r"cat\(\): .* torch.nn.parameter.Parameter"):
        torch.cat([tg.ones(2), torch.nn.Parameter(torch.ones(2))])


def test_what_telegrad_lacks_is_not_implemented() -> None:
    unknown = SimpleNamespace(__module__="torch.somewhere", __name__="nothing_of_ours")
    assert counterpart(unknown) is None
    assert call(unknown, (tg.Tensor,), (tg.ones(1),)) is NotImplemented


def test_states_of_modules_load_both_ways() -> None:
    mine, theirs = (
        m.nn.Sequential(m.nn.Linear(3, 4), m.nn.BatchNorm1d(4), m.nn.Linear(4, 2)) for m in (tg, torch)
    )
    mine(tg.ones(5, 3)).sum().backward()
    assert str(theirs.load_state_dict(mine.state_dict())) == "<All keys matched successfully>"
    for name, value in theirs.state_dict().items():
        np.testing.assert_array_equal(mine.state_dict()[name].numpy(), value.numpy())
    with torch.no_grad():
        theirs[0].weight.mul_(2)
    mine.load_state_dict(theirs.state_dict())
    np.testing.assert_array_equal(mine[0].weight.detach().numpy(), theirs[0].weight.detach().numpy())


def test_nested_values_of_ours_as_theirs() -> None:
    given = {"a": [tg.ones(2), 3], "b": (None, {"c": tg.arange(3)}), 4: "x"}
    found = to_torch(given)
    assert isinstance(found["a"][0], torch.Tensor)
    assert found["a"][1] == 3
    assert found["b"][0] is None
    assert found["b"][1]["c"].tolist() == [0, 1, 2]
    assert found[4] == "x"
