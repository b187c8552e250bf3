"""A perceptron of several layers with its dropout off, on batches of a loader, by Adam with a schedule."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

nn = torch.nn
STEPS = 50


class Perceptron(nn.Module):  # type: ignore[name-defined]
    """Three layers, two dropouts."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Dropout(0.2),
        )
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Any) -> Any:
        return self.head(self.body(x))


def start(model: Any, rng: np.random.Generator) -> None:
    """Fills the parameters."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.tensor(rng.normal(0, 0.2, tuple(parameter.shape))))


def main() -> list[float]:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((160, 8))
    y = np.sin(x[:, :3]) + x[:, 3:6] * x[:, 5:]
    data = torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y))
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=False)
    model = Perceptron(8, 64, 3).double()
    start(model, rng)
    model.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    criterion = nn.SmoothL1Loss()
    losses: list[float] = []
    while len(losses) < STEPS:
        for batch, wanted in loader:
            optimizer.zero_grad()
            loss = criterion(model(batch), wanted)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
