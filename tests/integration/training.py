"""A training run whose every bit is known: seeded data, a small network, momentum, dropout."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

#: Larger than what travels inside a fragment: the data go by Put.
SAMPLES, FEATURES = 512, 40


def train(
    tg: ModuleType, *, steps: int = 30, seed: int = 7, between: Callable[[int], None] = lambda step: None
) -> list[bytes]:
    """The parameters, and the last gradients, after so many steps.

    Args:
        tg: telegrad, connected.
        steps: how many.
        seed: of everything random.
        between: called after each step.
    """
    print("seed", seed)
    rng = np.random.default_rng(seed)
    tg.manual_seed(seed)
    data = tg.tensor(rng.normal(size=(SAMPLES, FEATURES)).astype(np.float32))
    target = tg.tensor(rng.normal(size=(SAMPLES, 1)).astype(np.float32))
    net = tg.nn.Sequential(tg.nn.Linear(FEATURES, 16), tg.nn.Tanh(), tg.nn.Dropout(0.2), tg.nn.Linear(16, 1))
    optimizer = tg.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for step in range(steps):
        if step % 3 == 0:
            optimizer.zero_grad()  # in between, gradients accumulate: one counted twice would show
        loss = tg.nn.functional.mse_loss(net(data), target)
        loss.backward()
        if step % 3 == 2:
            optimizer.step()
        if step % 5 == 4:
            loss.item()
        between(step)
    found = [parameter.detach().numpy().tobytes() for parameter in net.parameters()]
    return found + [parameter.grad.numpy().tobytes() for parameter in net.parameters()]
