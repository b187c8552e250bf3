"""Python's operators: the short way and the long way give the same, and refuse the same."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg

BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.floordiv,
    operator.mod,
    operator.lt,
    operator.ge,
    operator.eq,
    operator.ne,
]
NUMBERS = (2, 2.5, True, np.float64(1.5), np.int32(3))
ARRAYS = (
    np.array([0.5, 2.0, 3.0]),
    np.array([0.5, 2.0, 3.0], np.float32),
    np.array([1, 2, 3]),
    np.array([1, 2, 3], np.int8),
    np.array([1, 2, 3], np.uint8),
)


@pytest.mark.torch
@pytest.mark.parametrize("apply", BINARY, ids=lambda f: f.__name__)
def test_numbers_and_tensors_give_torchs_values_and_types(apply: Callable[[Any, Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    for array in ARRAYS:
        for other in (*NUMBERS, *ARRAYS):
            if apply is operator.sub and other is True:
                continue  # torch refuses
            a, b = tg.tensor(array), torch.tensor(array)
            pairs = [
                (
                    a,
                    b,
                    *(
                        (tg.tensor(other), torch.tensor(other))
                        if isinstance(other, np.ndarray)
                        else (other, other)
                    ),
                )
            ]
            if not isinstance(other, (np.ndarray, np.generic)):
                pairs.append((other, other, a, b))
            for left, their_left, right, their_right in pairs:
                mine, theirs = apply(left, right), apply(their_left, their_right)
                assert str(mine.dtype) == str(theirs.dtype), (array.dtype, other)
                np.testing.assert_allclose(
                    mine.numpy(), theirs.numpy(), rtol=1e-6, err_msg=f"{array.dtype} {other}"
                )


def test_bits() -> None:
    x, y = tg.tensor([1, 2, 3]), tg.tensor([3, 1, 2])
    assert (x & y).tolist() == [1, 0, 2]
    assert (x | 4).tolist() == [5, 6, 7]
    assert (1 ^ x).tolist() == [0, 3, 2]
    assert (x << 1).tolist() == [2, 4, 6]
    assert (x >> 1).tolist() == [0, 1, 1]
    assert (1 << x).tolist() == [2, 4, 8]
    assert (~x).tolist() == [-2, -3, -4]
    assert (~tg.tensor([True])).tolist() == [False]


def test_signs() -> None:
    x = tg.tensor([1.0, -2.0])
    assert (-x).tolist() == [-1.0, 2.0]
    assert (+x).tolist() == [1.0, -2.0]
    assert abs(x).tolist() == [1.0, 2.0]
    assert (-tg.tensor([1])).dtype is tg.int64


def test_reflected_operators_keep_torchs_names() -> None:
    x = tg.tensor([2.0], requires_grad=True)
    assert (1 - x).grad_fn.name() == "RsubBackward1"
    assert (1 / x).grad_fn.name() == "MulBackward0"
    assert (2**x).tolist() == [4.0]
    assert (5 % x).tolist() == [1.0]
    assert (5 // x).tolist() == [2.0]


def test_in_place_keeps_the_object() -> None:
    x = tg.tensor([1.0, 2.0])
    same = x
    x += 1
    x *= 2
    x -= tg.tensor([1.0, 1.0])
    x /= 3
    x **= 2
    assert x is same
    np.testing.assert_allclose(x.numpy(), [1.0, 25.0 / 9.0], rtol=1e-6)


@pytest.mark.parametrize("other", ["a", None, [1], object()], ids=["text", "None", "list", "object"])
def test_what_is_no_number_is_refused(other: Any) -> None:
    x = tg.ones(1)
    for apply in (operator.add, operator.mul, operator.sub, operator.truediv, operator.matmul, operator.lt):
        with pytest.raises(
            TypeError, match=r"unsupported operand|not supported between|only integer tensors"
        ):
            apply(x, other)
    assert (x == other) is False
    assert (x != other) is True


def test_equal_to_none() -> None:
    assert (tg.ones(1) == None) is False  # noqa: E711
