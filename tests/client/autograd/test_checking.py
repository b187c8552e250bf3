"""`gradcheck`: right gradients pass, wrong ones do not, whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.autograd import GradcheckError, gradcheck


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(2, 3)), requires_grad=True)


def wrong(x: Any) -> Any:
    """Its derivative misses a factor."""
    return x.detach() * x


def test_right_gradients(x: Any, messages: Callable[[], int]) -> None:
    messages()
    assert gradcheck(lambda a: (a.sin() @ a.T, a.exp().sum()), (x,), check_forward_ad=True)
    assert messages() < 40
    assert gradcheck(tg.sin, x, check_batched_grad=True, check_grad_dtypes=True, fast_mode=True)
    other = tg.ones(3, dtype=tg.float64)
    assert gradcheck(lambda a, b, c: a * b * c, (x, other, 2.0))


def test_complex_gradients(x: Any) -> None:
    z = tg.complex(x.detach(), x.detach().flip(0)).requires_grad_()
    assert gradcheck(lambda z: (z * z.conj() * z, z.abs()), z, check_forward_ad=True)
    assert gradcheck(lambda x: tg.complex(x, x * x), x)
    with pytest.raises(GradcheckError, match="part of complex outputs only"):
        gradcheck(wrong, z)


def test_wrong_gradients(x: Any) -> None:
    with pytest.raises(GradcheckError, match="mismatch for output 1 with respect to input 0,\nnumerical"):
        gradcheck(lambda a: (a, wrong(a)), x)
    assert not gradcheck(wrong, x, raise_exception=False)
    with pytest.raises(RuntimeError, match="computed with forward mode mismatch"):
        gradcheck(wrong, x, check_forward_ad=True, check_backward_ad=False)


def test_no_gradients(x: Any) -> None:
    assert gradcheck(lambda a: a.sign().detach(), x)
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda a: a.detach(), x)
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(tg.sin, x.detach())


def test_an_input_of_single_precision(x: Any) -> None:
    single = x.detach().float().requires_grad_()
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        assert gradcheck(lambda a: a * 2, single, eps=1e-2, atol=1e-2)


def test_choices_that_exclude_each_other(x: Any) -> None:
    for options in (
        {"check_backward_ad": False},
        {"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
        {"check_batched_forward_grad": True},
    ):
        with pytest.raises(AssertionError):
            gradcheck(tg.sin, x, **options)
