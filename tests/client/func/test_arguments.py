"""`argnums`."""

from __future__ import annotations

from typing import Any

import pytest

from telegrad.func.arguments import positions, replaced, selected


def test_one_or_several() -> None:
    args = ("a", "b", "c")
    assert selected(args, -1) == "c"
    assert selected(args, (2, 0)) == ("c", "a")
    assert replaced(args, 1, "x") == ("a", "x", "c")
    assert replaced(args, (2, 0), ("x", "y")) == ("y", "b", "x")


@pytest.mark.parametrize(
    ("argnums", "text"),
    [
        ([0], "argnums must be int or Tuple"),
        ((), "argnums must be non-empty"),
        ((0, -3), "argnums elements must be unique"),
        (3, "Got argnum=3, but only 3 positional inputs"),
        ((0.5,), "argnum must be int"),
    ],
)
def test_positions_that_are_none(argnums: Any, text: str) -> None:
    with pytest.raises(RuntimeError, match=text):
        positions(argnums, 3)
