from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from telegrad.errors import ArgumentError, DTypeError, ShapeError
from telegrad.program.passing import array_for, fetch, length_of
from telegrad_proto.spec import Spec

LIKE = Spec((2,), tg.float32)


def test_tensors_arrays_and_numbers_become_arrays() -> None:
    for value in (tg.ones(2), np.ones(2, np.float32), [1, 1], (1.0, 1.0)):
        found = array_for("x", value, LIKE)
        assert found.dtype == np.float32
        assert found.tolist() == [1.0, 1.0]
    assert array_for("x", 3, Spec((), tg.float64)).item() == 3.0


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ShapeError, match=r"x: requires float32\[2\], got shape \[3\]"):
        array_for("x", [1, 2, 3], LIKE)
    with pytest.raises(DTypeError, match=r"x: requires float32\[2\], got type float64"):
        array_for("x", np.ones(2), LIKE)
    with pytest.raises(ShapeError, match="x: requires a batch axis"):
        length_of("x", 3.0)
    with pytest.raises(ShapeError, match="x: requires a batch axis, got str"):
        length_of("x", "text")
    with pytest.raises(DTypeError, match=r"x: requires float32\[2\]: .*'str'"):
        array_for("x", "text", LIKE)
    with pytest.raises(ArgumentError, match=r"x: requires float32\[2\]: expected sequence of length 2"):
        array_for("x", [[1, 2], [1]], LIKE)
    assert length_of("x", tg.ones(3, 2)) == length_of("x", [[1], [2], [3]]) == 3


def test_tensors_are_fetched_together(messages: Callable[[], int]) -> None:
    tensors = [tg.ones(2) * k for k in range(5)]
    messages()
    fetch(tensors)
    assert messages() == 1
    assert [array_for("x", t, LIKE).tolist() for t in tensors][2] == [2.0, 2.0]
    assert messages() == 0
