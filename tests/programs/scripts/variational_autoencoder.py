"""A variational autoencoder whose noise is given: reconstruction and divergence, by Adam."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

nn = torch.nn
F = torch.nn.functional
STEPS, PIXELS, LATENT = 50, 36, 4


class Autoencoder(nn.Module):  # type: ignore[name-defined]
    """Pictures to a few normal numbers and back."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, 32), nn.Tanh())
        self.mean = nn.Linear(32, LATENT)
        self.log_variance = nn.Linear(32, LATENT)
        self.decoder = nn.Sequential(nn.Linear(LATENT, 32), nn.ELU(), nn.Linear(32, PIXELS))

    def forward(self, x: Any, noise: Any) -> tuple[Any, Any, Any]:
        hidden = self.encoder(x)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(z), mean, log_variance


def bound(logits: Any, x: Any, mean: Any, log_variance: Any) -> Any:
    """The negative evidence lower bound of a picture."""
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
    divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp(), dim=-1)
    return (reconstruction + divergence).mean()


def main() -> list[float]:
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:6, :6]
    corners = rng.integers(0, 4, (64, 2, 1, 1))
    squares = (abs(rows - corners[:, 0] - 1) <= 1) & (abs(columns - corners[:, 1] - 1) <= 1)
    pictures = torch.tensor(squares.reshape(64, PIXELS).astype(np.float64))
    model = Autoencoder().double()
    state = {k: torch.tensor(rng.normal(0, 0.2, tuple(v.shape))) for k, v in model.state_dict().items()}
    model.load_state_dict(state)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(STEPS):
        batch = pictures[32 * (step % 2) : 32 * (step % 2 + 1)]
        noise = torch.tensor(rng.standard_normal((32, LATENT)))
        optimizer.zero_grad()
        logits, mean, log_variance = model(batch, noise)
        loss = bound(logits, batch, mean, log_variance)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    print(*main(), sep="\n")
