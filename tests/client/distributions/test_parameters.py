"""Parameters as tensors, and looking at them."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.distributions import constraints, parameters


def test_numbers_take_the_type_of_tensors() -> None:
    a, b = parameters.broadcast_all(1, tg.zeros(2, dtype=tg.float64))
    assert a.dtype is b.dtype is tg.float64
    assert a.shape == b.shape == (2,)
    assert parameters.as_type_of(3, b).dtype is tg.float64
    assert parameters.as_type_of(tg.tensor([1]), b).dtype is tg.float64


def test_probabilities_and_logits() -> None:
    p = tg.tensor([[0.2, 0.8], [0.0, 1.0]], dtype=tg.float64)
    assert parameters.probs_to_logits(p).isfinite().all()
    back = parameters.logits_to_probs(parameters.probs_to_logits(p, is_binary=True), is_binary=True)
    np.testing.assert_allclose(back.numpy(), p.numpy(), atol=1e-12)
    again = parameters.logits_to_probs(parameters.probs_to_logits(p))
    np.testing.assert_allclose(again.numpy(), p.numpy(), atol=1e-12)
    assert parameters.clamped(p).min() > 0


def test_numbers_of_a_type() -> None:
    for dtype, typestr in ((tg.float32, "f4"), (tg.float64, "f8"), (tg.float16, "f2")):
        assert parameters.eps_of(dtype) == np.finfo(typestr).eps
        assert parameters.tiny_of(dtype) == np.finfo(typestr).tiny


def test_the_last_dimensions() -> None:
    x = tg.ones(2, 3, 4)
    assert parameters.total_last(x, 0) is x
    assert parameters.total_last(x, 2).tolist() == [12.0, 12.0]


def test_looking() -> None:
    x = tg.tensor([1.0, -1.0])
    with pytest.raises(ValueError, match="some words, but found invalid values:\ntensor"):
        parameters.verified(x, constraints.positive, lambda: "some words")
    assert parameters.verified(x, constraints.real, str) is x
    later = parameters.verified(x * 1, constraints.positive, lambda: "some words")
    with pytest.raises(ValueError, match="some words"):
        later.tolist()
    bounded = parameters.verified(x, constraints.greater_than(x - 1), lambda: "some words")
    assert bounded.tolist() == x.tolist()


def test_a_lazy_parameter_has_its_gradient() -> None:
    logits = tg.zeros(2, requires_grad=True)
    law = tg.distributions.Bernoulli(logits=logits)
    law.sample()  # computes the probabilities without a gradient being asked for
    assert law.probs.requires_grad
