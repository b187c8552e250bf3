"""A Gaussian process: its marginal likelihood through Cholesky, made large, and what it then predicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

STEPS, POINTS = 50, 40


def kernel(a: Any, b: Any, log_scale: Any, log_length: Any) -> Any:
    """Squared exponential covariances, with a length for each feature."""
    apart = (a.unsqueeze(1) - b.unsqueeze(0)) / torch.exp(log_length)
    return torch.exp(2 * log_scale - 0.5 * (apart**2).sum(-1))


def negative_log_likelihood(x: Any, y: Any, log_scale: Any, log_length: Any, log_noise: Any) -> Any:
    noisy = torch.exp(2 * log_noise) * torch.eye(len(x), dtype=x.dtype)
    factor = torch.linalg.cholesky(kernel(x, x, log_scale, log_length) + noisy)
    weights = torch.cholesky_solve(y.unsqueeze(1), factor).squeeze(1)
    half_log_determinant = factor.diagonal().log().sum()
    return 0.5 * torch.dot(y, weights) + half_log_determinant + 0.5 * len(x) * math.log(2 * math.pi)


def predicted(x: Any, y: Any, new: Any, log_scale: Any, log_length: Any, log_noise: Any) -> tuple[Any, Any]:
    """Means and variances at new places."""
    noisy = torch.exp(2 * log_noise) * torch.eye(len(x), dtype=x.dtype)
    factor = torch.linalg.cholesky(kernel(x, x, log_scale, log_length) + noisy)
    across = kernel(x, new, log_scale, log_length)
    mean = across.T @ torch.cholesky_solve(y.unsqueeze(1), factor).squeeze(1)
    explained = torch.linalg.solve_triangular(factor, across, upper=False)
    return mean, torch.exp(2 * log_scale) - (explained**2).sum(0)


def main() -> list[float]:
    rng = np.random.default_rng(8)
    places = rng.uniform(-2, 2, (POINTS, 2))
    values = np.sin(2 * places[:, 0]) + 0.3 * places[:, 1] + 0.1 * rng.standard_normal(POINTS)
    x, y = torch.tensor(places), torch.tensor(values)
    log_scale = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    log_length = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    log_noise = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([log_scale, log_length, log_noise], lr=0.05)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = negative_log_likelihood(x, y, log_scale, log_length, log_noise)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        new = torch.tensor(rng.uniform(-2, 2, (5, 2)))
        mean, variance = predicted(x, y, new, log_scale, log_length, log_noise)
    return losses + mean.tolist() + variance.tolist()


if __name__ == "__main__":
    print(*main(), sep="\n")
