"""`gradgradcheck`: right gradients of gradients pass, wrong ones do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.autograd import gradgradcheck


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(2, 3)), requires_grad=True)


def test_right_gradients(x: Any) -> None:
    assert gradgradcheck(lambda a: a.sin() * a.sum(), x, check_fwd_over_rev=True)
    assert gradgradcheck(lambda a: (a**3, a.prod()), x)
    weight = tg.ones(2, 3, dtype=tg.float64, requires_grad=True)
    assert gradgradcheck(lambda a: a.exp(), [x], weight, check_batched_grad=True)


def test_wrong_gradients(x: Any) -> None:
    assert not gradgradcheck(lambda a: a.detach() * a * a, x, raise_exception=False)
    with pytest.raises(RuntimeError, match="mismatch for output 0 with respect to input 0"):
        gradgradcheck(lambda a: a.detach() * a * a, x)


def test_what_cannot_be(x: Any) -> None:
    with pytest.raises(RuntimeError, match="requires an output"):
        gradgradcheck(lambda a: a.detach(), x)
    with pytest.raises(AssertionError):
        gradgradcheck(tg.sin, x, check_rev_over_rev=False)
