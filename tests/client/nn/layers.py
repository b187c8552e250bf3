"""Layers on which telegrad and PyTorch are to agree: text, state, values, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import array, tensors_of

Array = np.ndarray[Any, Any]
#: Makes the layer of a `nn` namespace.
Make = Callable[[Any], Any]


def numbers(*shape: int, seed: int = 0) -> Array:
    """Normal numbers, always the same."""
    made: Array = np.random.default_rng([seed, *shape]).standard_normal(shape)
    return made


def alike(make: Make) -> tuple[Any, Any]:
    """Both layers in float64 with PyTorch's parameters, after their texts and states were compared."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs, mine = make(torch.nn), make(tg.nn)
    assert repr(mine) == repr(theirs)
    expected = theirs.state_dict()
    found = mine.state_dict()
    assert list(found) == list(expected)
    assert [tuple(v.shape) for v in found.values()] == [tuple(v.shape) for v in expected.values()]
    assert [v.dtype.name for v in found.values()] == [
        str(v.dtype).removeprefix("torch.") for v in expected.values()
    ]
    assert [name for name, _ in mine.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    theirs, mine = theirs.double(), mine.double()
    assert not any(mine.load_state_dict(theirs.state_dict()))
    # And the way back.
    theirs.load_state_dict({name: torch.tensor(v.numpy()) for name, v in mine.state_dict().items()})
    return mine, theirs


def run(
    module: Any, layer: Any, inputs: tuple[Any, ...], call: dict[str, Any], leaves: int | None = None
) -> tuple[list[Array], list[Array]]:
    """The results, and the gradients of the first inputs and of the parameters."""
    given = [module.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    tensors = [t for t in given[:leaves] if isinstance(t, module.Tensor)]
    tracked = [t.requires_grad_() for t in tensors if t.is_floating_point()]
    results = tensors_of(layer(*given, **call), module.Tensor)
    total: Any = 0
    for result in results:
        if result.requires_grad:
            weight = np.cos(np.arange(result.numel(), dtype=np.float64)).reshape(tuple(result.shape))
            total = total + (result * module.tensor(weight)).sum()
    if isinstance(total, module.Tensor):
        total.backward()
    wanted = [*tracked, *layer.parameters()]
    zero = np.zeros(())
    return [array(t) for t in results], [zero if t.grad is None else array(t.grad) for t in wanted]


def agree(
    make: Make,
    *inputs: Any,
    train: bool = True,
    steps: int = 1,
    leaves: int | None = None,
    rtol: float = 1e-8,
    **call: Any,
) -> None:
    """Passes where both layers print and save alike and give the same values, gradients and buffers.

    Args:
        make: makes the layer.
        inputs: arrays, given as tensors of their types.
        train: the layers are in training.
        steps: how often they are called.
        leaves: of how many inputs the gradients are compared; of all, by default.
        rtol: how far apart the numbers may be.
        call: further arguments of the layers.
    """
    torch = pytest.importorskip("torch")
    mine, theirs = alike(make)
    mine.train(train)
    theirs.train(train)
    for _ in range(steps):
        ours, right = run(tg, mine, inputs, call, leaves), run(torch, theirs, inputs, call, leaves)
        for found, expected in zip([*ours[0], *ours[1]], [*right[0], *right[1]], strict=True):
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol / 100)
    for (name, found), (_, expected) in zip(mine.named_buffers(), theirs.named_buffers(), strict=True):
        np.testing.assert_allclose(array(found), array(expected), rtol=rtol, atol=rtol / 100, err_msg=name)
