"""A network like LeNet, with batch norms: convolutions, pooling, linear layers, SGD with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

nn = torch.nn
STEPS = 50


def network() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.AvgPool2d(kernel_size=2, stride=2),
        nn.Conv2d(6, 16, kernel_size=5),
        nn.BatchNorm2d(16),
        nn.Sigmoid(),
        nn.MaxPool2d(kernel_size=2, stride=2),
        nn.Flatten(),
        nn.Linear(16 * 2 * 2, 24),
        nn.BatchNorm1d(24),
        nn.Tanh(),
        nn.Linear(24, 10),
    )


def pictures(rng: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Bars of ten directions with noise."""
    labels = rng.integers(0, 10, count)
    angles = labels[:, None, None] * np.pi / 10
    rows, columns = np.mgrid[-1:1:16j, -1:1:16j]
    bars = np.cos(4 * (rows * np.cos(angles) + columns * np.sin(angles)))
    noisy = bars + 0.2 * rng.standard_normal((count, 16, 16))
    return torch.tensor(noisy).unsqueeze(1), torch.tensor(labels)


def main() -> list[float]:
    rng = np.random.default_rng(4)
    x, y = pictures(rng, 48)
    model = network().double()
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(rng.normal(0, 0.2, tuple(layer.weight.shape))))
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.5)
    losses = []
    for step in range(STEPS):
        rows = slice(16 * (step % 3), 16 * (step % 3 + 1))
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows], label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        losses.append(nn.functional.cross_entropy(model(x), y).item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
