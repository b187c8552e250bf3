"""What hooks may make of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import telegrad as tg

WRONG: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda ct: ct[:1], RuntimeError, "hook '<lambda>' has changed the size of value"),
    (lambda ct: ct.double(), RuntimeError, r"type of value \(was torch.FloatTensor got torch.DoubleTensor\)"),
    (lambda ct: 3, TypeError, "expected Variable, but hook returned 'int'"),
]


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize(("hook", "error", "words"), WRONG)
def test_it_is_like_the_one_they_got(
    leaf: bool, hook: Callable[[Any], Any], error: type[Exception], words: str
) -> None:
    x = tg.ones(3, requires_grad=True)
    y = x + 1
    (x if leaf else y).register_hook(hook)
    with pytest.raises(error, match=words):
        y.sum().backward()
    assert x.grad is None
