"""Linear regression from scratch: batches of a generator, a loss and a step written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

STEPS, BATCH, RATE = 50, 10, 0.03


def examples(rng: np.random.Generator) -> tuple[Any, Any]:
    """Points beside a plane."""
    features = rng.standard_normal((200, 2))
    labels = features @ np.array([2.0, -3.4]) + 4.2 + 0.01 * rng.standard_normal(200)
    return torch.tensor(features), torch.tensor(labels).reshape(-1, 1)


def batches(rng: np.random.Generator, features: Any, labels: Any) -> Iterator[tuple[Any, Any]]:
    """Examples in random order, again and again."""
    while True:
        order = rng.permutation(len(features))
        for start in range(0, len(order), BATCH):
            chosen = torch.tensor(order[start : start + BATCH])
            yield features[chosen], labels[chosen]


def squared_loss(found: Any, wanted: Any) -> Any:
    return (found - wanted.reshape(found.shape)) ** 2 / 2


def main() -> list[float]:
    rng = np.random.default_rng(1)
    data = batches(rng, *examples(rng))
    w = torch.tensor(0.01 * rng.standard_normal((2, 1)), requires_grad=True)
    b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    losses = []
    for _, (x, y) in zip(range(STEPS), data, strict=False):
        loss = squared_loss(torch.matmul(x, w) + b, y)
        loss.sum().backward()
        with torch.no_grad():
            for parameter in (w, b):
                parameter -= RATE * parameter.grad / BATCH
                parameter.grad.zero_()
        losses.append(loss.mean().item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
