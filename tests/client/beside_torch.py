"""Calls on which telegrad and PyTorch are to agree, of leaves of any shape: values, gradients, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import array, tensors_of

Array = np.ndarray[Any, Any]


class Tensors:
    """Makes the tensors of one module, the same numbers in each."""

    def __init__(self, module: Any) -> None:
        self.m = module
        self.F = module.nn.functional
        self.leaves: list[Any] = []

    def numbers(self, *shape: int) -> Array:
        draw = np.random.default_rng([len(self.leaves), *shape])
        made: Array = np.asarray(draw.standard_normal(shape))
        return made

    def leaf(self, *shape: int, of: Any = None) -> Any:
        """A float64 tensor that requires a gradient: random, or of this array."""
        values = self.numbers(*shape) if of is None else np.array(of)
        made = self.m.tensor(values, requires_grad=True)
        self.leaves.append(made)
        return made

    def positive(self, *shape: int) -> Any:
        """A leaf of numbers in (0, 1)."""
        return self.leaf(of=1 / (1 + np.exp(-self.numbers(*shape))))

    def data(self, values: Any, dtype: Any = None) -> Any:
        """A tensor that requires none."""
        return self.m.tensor(np.asarray(values, dtype))


Case = Callable[[Tensors], Any]


def _outcome(module: Any, case: Case, *, second: bool) -> tuple[list[Array], list[str], list[Array | None]]:
    tensors = Tensors(module)
    results = tensors_of(case(tensors), module.Tensor)
    values = [array(t) for t in results]
    names = [t.grad_fn.name() if t.grad_fn is not None else "" for t in results]
    total: Any = None
    for k, t in enumerate(r for r in results if r.requires_grad):
        # Weights that differ from place to place, so that no error cancels.
        weight = np.cos(np.arange(t.numel(), dtype=np.float64) + k).reshape(tuple(t.shape))
        part = ((t.abs() if t.is_complex() else t) * module.tensor(weight)).sum()
        total = part if total is None else total + part
    if total is None or not tensors.leaves:
        return values, names, []
    firsts = module.autograd.grad(total, tensors.leaves, create_graph=second, allow_unused=True)
    found = [None if g is None else array(g) for g in firsts]
    if second:
        squares = [
            (g.abs() if g.is_complex() else g).pow(2).sum()
            for g in firsts
            if g is not None and g.requires_grad
        ]
        if squares:
            again = module.autograd.grad(sum(squares), tensors.leaves, allow_unused=True)
            found += [None if g is None else array(g) for g in again]
    return values, names, found


def agree(
    case: Case, *, second: bool = True, names: bool = True, rtol: float = 1e-8, atol: float = 1e-10
) -> None:
    """Passes where both modules give the same values, node names, and gradients of first and second order."""
    torch = pytest.importorskip("torch")
    mine, theirs = (_outcome(module, case, second=second) for module in (tg, torch))
    assert len(mine[0]) == len(theirs[0])
    for a, b in zip(mine[0], theirs[0], strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
    if names:
        assert mine[1] == [name.removeprefix("torch::autograd::") for name in theirs[1]]
    assert len(mine[2]) == len(theirs[2])
    for found, wanted in zip(mine[2], theirs[2], strict=True):
        # Nothing and zeros are the same gradient.
        left, right = (np.zeros(()) if g is None else g for g in (found, wanted))
        np.testing.assert_allclose(left, right, rtol=rtol, atol=atol)


def fail_alike(case: Case, *, words: bool = True) -> None:
    """Passes where both modules raise what is caught alike, with the same words."""
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as theirs:
        case(Tensors(torch))
    with pytest.raises(type(theirs.value)) as mine:
        case(Tensors(tg))
    if words:
        assert str(mine.value).split(" (recorded at")[0] == str(theirs.value).split("\n")[0]
