from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import close

A, B = np.array([1.0, 2.0, np.nan]), np.array([2.0, 2.0, np.nan])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eq", A == B),
        ("ne", A != B),
        ("less", A < B),
        ("le", A <= B),
        ("gt", A > B),
        ("greater_equal", A >= B),
        ("logical_and", np.logical_and(A, B)),
        ("logical_xor", np.logical_xor(A, B)),
    ],
)
def test_it_is_numpys(name: str, expected: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> None:
    found = getattr(tg, name)(tg.tensor(A), tg.tensor(B))
    assert found.dtype is tg.bool
    assert not found.requires_grad
    close(found, expected)


def test_bits() -> None:
    a, b = tg.tensor([6, 5]), tg.tensor([3, 1])
    close(a & b, [2, 1])
    close(a | 1, [7, 5])
    close(tg.bitwise_xor(a, b), [5, 4])
    close(a << b, [48, 10])
    close(tg.bitwise_right_shift(a, 1), [3, 2])


def test_numbers_are_compared_in_the_tensors_type() -> None:
    close(tg.eq(tg.tensor([1, 2]), 1.5), [False, False])
    close(tg.tensor([1, 2]) < 1.5, [True, False])


def test_closeness() -> None:
    close(tg.isclose(tg.tensor([1.0, np.nan]), tg.tensor([1.0 + 1e-7, np.nan]), equal_nan=True), [True, True])
    assert tg.allclose(tg.tensor([1.0, np.inf]), tg.tensor([1.0, np.inf]))
    assert not tg.allclose(tg.tensor([1.0]), tg.tensor([1.1]))
    assert tg.equal(tg.ones(2), tg.ones(2))
    assert not tg.equal(tg.ones(2), tg.ones(3))
    assert tg.equal(tg.ones(0), tg.ones(0))


def test_membership() -> None:
    close(tg.isin(tg.tensor([[1, 2], [3, 4]]), tg.tensor([2, 4])), [[False, True], [False, True]])
    close(tg.isin(tg.tensor([1, 2]), tg.tensor([2]), invert=True), [True, False])
