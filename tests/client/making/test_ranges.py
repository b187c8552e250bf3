"""Evenly spaced numbers, as torch rounds them."""

from __future__ import annotations

import cmath
import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad_proto.errors import ArgumentError

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("arange", (4.0,), {}),
    ("arange", (5,), {}),
    ("arange", (-10, 10, 0.1), {}),
    ("arange", (1, 0, -0.25), {}),
    ("arange", (0, 1, 0.1), {}),
    ("arange", (2, 11, 3), {}),
    ("arange", (3, 3), {}),
    ("arange", (), {"start": 1, "end": 4}),
    ("linspace", (0, 1, 5), {}),
    ("linspace", (-3, 10, 7), {}),
    ("linspace", (1, 1, 1), {}),
    ("linspace", (0, 1, 0), {}),
    ("linspace", (3, -2, 100), {}),
    ("logspace", (0, 2, 5), {}),
    ("logspace", (-1, 1, 4, 2.0), {}),
    ("eye", (3,), {}),
    ("eye", (2, 4), {}),
    ("eye", (0,), {}),
    ("tril_indices", (3, 4), {}),
    ("triu_indices", (3, 4, 1), {}),
]


def made(module: ModuleType, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What the function gives; None where it refuses."""
    typed = {k: getattr(module, v) if k == "dtype" else v for k, v in named.items()}
    try:
        return getattr(module, name)(*args, **typed)
    except (RuntimeError, ValueError) as error:
        assert "step must be nonzero" in str(error)  # noqa: PT017
        return None


@pytest.mark.torch
@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=str)
def test_the_numbers_are_torchs(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    for dtype in (None, "float64", "float32", "int64"):
        named = dict(kwargs)
        if dtype is not None and not (name.endswith("indices") and dtype != "int64"):
            named["dtype"] = dtype
        mine, theirs = made(tg, name, args, named), made(torch, name, args, named)
        if theirs is None:
            assert mine is None
            continue
        assert str(mine.dtype) == str(theirs.dtype)
        assert tuple(mine.shape) == tuple(theirs.shape)
        # torch's own last bit depends on the width of the processor's vectors.
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)


def test_the_numbers() -> None:
    assert tg.arange(4.0).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert tg.arange(4).dtype is tg.int64
    assert tg.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    assert tg.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert tg.arange(4.0, requires_grad=True).is_leaf
    assert tg.arange(tg.tensor(3)).tolist() == [0, 1, 2]
    out = tg.zeros(2)
    assert tg.arange(2, out=out) is out


def test_between_complex_numbers() -> None:
    line = tg.linspace(1 + 2j, 4, 3)
    assert (line.dtype, line.tolist()) == (tg.complex64, [1 + 2j, 2.5 + 1j, 4])
    assert tg.linspace(tg.tensor(1j), 0, 2, dtype=tg.complex128).dtype is tg.complex128
    assert tg.logspace(0, 1j, 2, base=math.e)[1].item() == pytest.approx(cmath.exp(1j))
    for space in (tg.linspace, tg.logspace):
        with pytest.raises(RuntimeError, match=r"inferred dtype ComplexFloat.* cast to passed dtype Byte"):
            space(1 + 2j, 4, 0, dtype=tg.uint8)


def test_ranges_that_are_none() -> None:
    for bounds in ((0, 1, 0), (0, 1, -1), (1, 0, 1)):
        with pytest.raises(ArgumentError):
            tg.arange(*bounds)
    with pytest.raises(ArgumentError, match="unsupported range"):
        tg.arange(0, float("inf"))
    with pytest.raises(ArgumentError, match="non-negative"):
        tg.linspace(0, 1, -1)
    with pytest.raises(ArgumentError, match="n must be greater or equal to 0"):
        tg.eye(-1)
    odd: tuple[tuple[Any, ...], ...] = (("a",), (1, "b"), (1j,))
    for args in odd:
        with pytest.raises(TypeError, match="must be Number"):
            tg.arange(*args)
    with pytest.raises(TypeError):
        tg.arange()
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        tg.arange(1, colour=2)


def test_ranges_of_integers_count_as_torch_does() -> None:
    assert tg.arange(2.1, -2.9, -1, dtype=tg.int64).tolist() == [2, 1, 0, -1]
    assert tg.arange(2.1, -2.9, -1, dtype=tg.int32).tolist() == [2, 1, 0, -1, -2]
    assert tg.linspace(1, 2.5, 5, dtype=tg.uint8).tolist() == [1, 1, 1, 1, 2]
    assert tg.logspace(2.5, 2.5, 1, dtype=tg.int16).tolist() == [316]
    assert tg.logspace(1.5, 2.5, 2, dtype=tg.int16).tolist() == [10, 100]
