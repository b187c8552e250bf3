"""Softmax regression: shares, cross entropy by indexing, and accuracy, written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

STEPS, CLASSES, PIXELS = 50, 10, 64


def examples(rng: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Noisy copies of ten pictures, and which one each is."""
    pictures = rng.random((CLASSES, 8, 8))
    labels = rng.integers(0, CLASSES, count)
    return torch.tensor(pictures[labels] + 0.3 * rng.standard_normal((count, 8, 8))), torch.tensor(labels)


def softmax(x: Any) -> Any:
    grown = torch.exp(x - x.max(dim=1, keepdim=True).values)
    return grown / grown.sum(1, keepdim=True)


def cross_entropy(shares: Any, labels: Any) -> Any:
    return -torch.log(shares[range(len(shares)), labels])


def accuracy(shares: Any, labels: Any) -> Any:
    return (shares.argmax(dim=1).type(labels.dtype) == labels).type(torch.float64).mean()


def main() -> list[float]:
    rng = np.random.default_rng(2)
    pictures, labels = examples(rng, 256)
    w = torch.tensor(0.01 * rng.standard_normal((PIXELS, CLASSES)), requires_grad=True)
    b = torch.zeros(CLASSES, dtype=torch.float64, requires_grad=True)
    losses = []
    for step in range(STEPS):
        rows = slice(64 * (step % 4), 64 * (step % 4 + 1))
        shares = softmax(torch.matmul(pictures[rows].reshape((-1, w.shape[0])), w) + b)
        loss = cross_entropy(shares, labels[rows]).mean()
        loss.backward()
        with torch.no_grad():
            for parameter in (w, b):
                parameter -= 0.1 * parameter.grad
                parameter.grad.zero_()
        losses.append(loss.item())
    with torch.no_grad():
        shares = softmax(torch.matmul(pictures.reshape((-1, PIXELS)), w) + b)
        losses.append(accuracy(shares, labels).item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
