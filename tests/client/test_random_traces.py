"""Random functions of views, writes and detaching give the same as programs as they do step by step."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.errors import TelegradError
from tests.client.test_random_programs import STEPS_BY_NAME
from tests.conftest import SEED

#: What makes leaves or passes of its own means something else inside a function.
NAMES = [name for name in STEPS_BY_NAME if name not in ("leaf", "backward", "forget")]
STEPS = 20


class Function:
    """A function of two tensors that takes random steps, the same each time."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.steps = [(rng.choice(NAMES), rng.random(), rng.random()) for _ in range(STEPS)]

    def __call__(self, x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
        made: list[Any] = [x * 1, y * 1]
        for name, first, second in self.steps:
            i, j = int(first * len(made)), int(second * len(made))
            try:
                result = STEPS_BY_NAME[name](tg, made, i, j)
            except (TelegradError, TypeError, IndexError):
                continue  # shapes that do not fit, writes that are not allowed: each time the same
            if isinstance(result, tg.Tensor) and result.numel() < 1000:
                made.append(result)
        return sum([(t * (k + 1)).sum() for k, t in enumerate(made)], tg.zeros(()))


@pytest.mark.parametrize("number", range(40))
def test_a_program_is_what_it_was_made_of(number: int) -> None:
    function = Function(SEED + number)
    print(f"seed {SEED + number}")
    tg.manual_seed(number)
    x, y = tg.randn(3, 4).detach(), tg.randn(3, 4).detach()
    program = tg.trace(function, tg.spec((3, 4)), tg.spec((3, 4)))
    value, gradients = program.value_and_grad(x, y, argnums=(0, 1))
    leaves = [t.clone().requires_grad_() for t in (x, y)]
    expected = function(*leaves)
    np.testing.assert_allclose(value.numpy(), expected.detach().numpy(), rtol=1e-5)
    try:
        found = tg.autograd.grad(expected, leaves, allow_unused=True)
    except TelegradError as error:
        if "modified by an inplace operation" not in str(error):
            raise
        return  # the client refuses; the graph itself is right
    for gradient, wanted in zip(gradients, found, strict=True):
        reference = np.zeros((3, 4), np.float32) if wanted is None else wanted.numpy()
        np.testing.assert_allclose(gradient.numpy(), reference, rtol=1e-4, atol=1e-5)
