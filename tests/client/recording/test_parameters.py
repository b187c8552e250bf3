"""What torch's functions take: arguments of another kind are named, in torch's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.recording.parameters import KINDS, check_of, checks_of, kind_of, misfit

X = tg.ones(2, 3)
WRONG_KIND: Any = 3

WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: tg.sum(X, "text"), "sum(): argument 'dim' (position 2) must be tuple of ints, not str"),
    (lambda: tg.sum(X, 0, 1), "sum(): argument 'keepdim' (position 3) must be bool, not int"),
    (lambda: tg.argmax(X, dim=True), "argmax(): argument 'dim' must be int, not bool"),
    (lambda: tg.maximum(X, 1), "maximum(): argument 'other' (position 2) must be Tensor, not int"),
    (lambda: tg.pow(2, 3), "pow(): argument 'input' (position 1) must be Tensor, not int"),
    (lambda: tg.cumsum(X), "cumsum() missing 1 required positional argument: 'dim'"),
    (X.expand, 'expand() missing 1 required positional arguments: "size"'),
    (lambda: X.repeat(1.5, 2), "repeat(): argument 'repeats' (position 1) must be tuple of ints, not float"),
    (lambda: X.view(shape=3), "view() got an unexpected keyword argument 'shape'"),
    (lambda: tg.cat(X), "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"),
    (lambda: tg.add(X, 1, out=3), "add(): argument 'out' must be Tensor, not int"),
    (lambda: tg.atleast_1d(X, 2), "expected Tensor as element 1 in argument 0, but got int"),
    (
        lambda: tg.is_complex(WRONG_KIND),
        "is_complex(): argument 'input' (position 1) must be Tensor, not int",
    ),
    (
        lambda: tg.can_cast(tg.int8, WRONG_KIND),
        "can_cast(): argument 'to' (position 2) must be torch.dtype, not int",
    ),
]


@pytest.mark.parametrize(("call", "words"), WRONG, ids=[words.split("(")[0] for _, words in WRONG])
def test_wrong_arguments_are_named(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(words)}"):
        call()


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("int", [1, np.int64(2), tg.tensor(3)], [True, 1.5, "1", None, tg.tensor(1.5)]),
        ("int | None", [1, None], [True, ()]),
        ("bool", [True, np.bool_(True)], [1, None]),
        ("float", [1, 1.5, True, np.float32(1), tg.tensor(2.0)], [1j, "1", None, tg.ones(2)]),
        ("Number", [1, 1j, tg.tensor(2.0)], ["1", None]),
        ("str | None", ["a", None], [1]),
        ("Dims", [1, None, [0, 1], ()], [True, [0.5], "0"]),
        ("Sequence[int]", [[1], (2, 3)], [1, None, [1.5]]),
        ("Sequence[Tensor]", [[X], (X, X)], [X, [1]]),
        ("Tensor | None", [X, None], [1]),
        ("DType", [tg.int8, float], ["int8"]),
    ],
)
def test_kinds(annotation: str, good: list[Any], bad: list[Any]) -> None:
    check = check_of(0, "given", annotation)
    assert check is not None

    def fits(value: Any) -> bool:
        return type(value) in check.types or check.fits(value)

    assert all(fits(value) for value in good)
    assert not any(fits(value) for value in bad)


def test_what_has_no_known_annotation_is_not_checked() -> None:
    assert check_of(0, "given", "Any") is None
    assert check_of(0, "given", None) is None
    found = checks_of(["a", "b", "c"], {"a": "int", "b": "Any", "c": "bool"}, (), positional=2)
    assert [(check.name, check.position < 2) for check in found] == [("a", True), ("c", False)]
    assert "int" in KINDS


def test_errors_say_what_came() -> None:
    check = check_of(2, "dim", "int")
    assert check is not None
    assert (
        str(misfit("f", check, "a", named=False)) == "f(): argument 'dim' (position 3) must be int, not str"
    )
    assert str(misfit("f", check, [1.5], named=True)) == "f(): argument 'dim' must be int, not list of float"
    assert kind_of(()) == "tuple"
