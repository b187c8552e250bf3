"""Each step of a view's recipe, there and back."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.steps import FORWARD, UNDO
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError

CASES = [
    ("reshape", (3, 2), np.arange(6.0).reshape(2, 3)),
    ("transpose", (2, 0, 1), np.arange(24.0).reshape(2, 3, 4)),
    ("slice", ((0, 1), (2, 3), (1, 2)), np.arange(6.0).reshape(2, 3)),
    ("broadcast_to", (1, 2, 3), np.arange(6.0).reshape(2, 3)),
    ("real", None, np.arange(3) + 1j),
    ("imag", None, np.arange(3) + 1j),
    ("as_real", None, np.arange(3) + 1j),
    ("as_complex", None, np.arange(6.0).reshape(3, 2)),
]


def make(array: np.ndarray) -> Tensor:
    return tg.tensor(array)


@pytest.mark.parametrize(("kind", "attrs", "array"), CASES, ids=[case[0] for case in CASES])
def test_what_is_written_is_read_again(kind: str, attrs: object, array: np.ndarray) -> None:
    x = make(array)
    part = FORWARD[kind](x, attrs)
    changed = part * 2 + 1
    whole = UNDO[kind](x, attrs, changed)
    assert whole.shape == x.shape
    assert whole.dtype is x.dtype
    np.testing.assert_array_equal(FORWARD[kind](whole, attrs).numpy(), changed.numpy())
    # What the part does not cover is as it was.
    np.testing.assert_array_equal(UNDO[kind](whole, attrs, part).numpy(), array)


def test_pick_takes_and_puts_back() -> None:
    x = make(np.arange(6.0).reshape(2, 3))
    attrs = (tg.tensor([0, 4]), (2,))
    assert FORWARD["pick"](x, attrs).tolist() == [0.0, 4.0]
    assert UNDO["pick"](x, attrs, tg.tensor([9.0, 8.0], dtype=tg.float64)).tolist() == [
        [9.0, 1.0, 2.0],
        [3.0, 8.0, 5.0],
    ]


def test_repeated_elements_cannot_be_written() -> None:
    with pytest.raises(ArgumentError, match="more than one element"):
        UNDO["broadcast_to"](make(np.zeros(1)), (3,), make(np.ones(3)))


def test_every_step_has_a_way_back() -> None:
    assert FORWARD.keys() == UNDO.keys()
