"""Calls on which telegrad and PyTorch are to agree: values, types, gradients, node names, errors."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import telegrad as tg

#: Gets the module, a (2, 3) leaf of float32 that requires a gradient, and a (3) vector of int64.
Case = Callable[[Any, Any, Any], Any]

X = np.array([[0.5, -1.25, 2.0], [2.0, 0.0, -3.5]], dtype=np.float32)
I = np.array([2, 0, 1])  # noqa: E741 - an index


def leaves(module: Any) -> tuple[Any, Any]:
    return module.tensor(X.copy(), requires_grad=True), module.tensor(I.copy())


def tensors_of(result: Any, kind: type) -> list[Any]:
    if isinstance(result, kind):
        return [result]
    if isinstance(result, (list, tuple)):
        return [t for item in result for t in tensors_of(item, kind)]
    return []


def array(tensor: Any) -> np.ndarray[Any, Any]:
    return np.asarray(tensor.detach().numpy(force=True))


def outcome(
    module: ModuleType, case: Case, *, names: bool
) -> tuple[list[np.ndarray[Any, Any]], list[str | None], Any]:
    """The results' arrays, the names of their nodes, and the gradient of the sum of all of them."""
    x, i = leaves(module)
    results = tensors_of(case(module, x, i), module.Tensor)
    shown = [None if t.grad_fn is None else t.grad_fn.name() for t in results] if names else []
    arrays = [array(t) for t in results]
    for t in results:
        if t.requires_grad and t.grad_fn is not None:
            (t.abs() if t.is_complex() else t).sum().backward(retain_graph=True)
    return arrays, shown, None if x.grad is None else array(x.grad)


def agree(case: Case, *, names: bool = True) -> None:
    """Passes where both modules give the same."""
    torch = pytest.importorskip("torch")
    mine, theirs = outcome(tg, case, names=names), outcome(torch, case, names=names)
    assert len(mine[0]) == len(theirs[0])
    for a, b in zip(mine[0], theirs[0], strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-6)
    assert mine[1] == theirs[1]
    if theirs[2] is not None and mine[2] is not None:
        np.testing.assert_allclose(mine[2], theirs[2], rtol=2e-6, atol=1e-6)
    assert (mine[2] is None) == (theirs[2] is None)


def fail_alike(case: Case) -> None:
    """Passes where both modules raise, with the same words and an error that is caught alike."""
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as theirs:
        case(torch, *leaves(torch))
    with pytest.raises(type(theirs.value)) as mine:
        case(tg, *leaves(tg))
    assert str(mine.value).split(" (recorded at")[0] == str(theirs.value).split("\n")[0]


def close(result: Any, expected: Any) -> None:
    """Passes where the tensor holds these numbers, in their shape."""
    found = array(result)
    wanted = np.asarray(expected)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=1e-6)
