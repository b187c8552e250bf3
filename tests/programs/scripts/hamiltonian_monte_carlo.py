"""Hamiltonian Monte Carlo on a density like a banana: leaps along the gradient, accepted or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

STEPS, LEAPS, SIZE = 50, 8, 0.12


def potential(q: Any) -> Any:
    """The negative logarithm of the density, of each chain.

    Shape: (chains, 2) to (chains)
    """
    x, y = q[:, 0], q[:, 1]
    return (1 - x) ** 2 / 2 + 2 * (y - x**2) ** 2


def slope(q: Any) -> Any:
    q = q.detach().requires_grad_()
    (found,) = torch.autograd.grad(potential(q).sum(), q)
    return found


def leapfrog(q: Any, p: Any) -> tuple[Any, Any]:
    p = p - 0.5 * SIZE * slope(q)
    for leap in range(LEAPS):
        q = q + SIZE * p
        p = p - (1.0 if leap < LEAPS - 1 else 0.5) * SIZE * slope(q)
    return q, -p


def energy(q: Any, p: Any) -> Any:
    return potential(q) + (p**2).sum(1) / 2


def main() -> list[float]:
    rng = np.random.default_rng(9)
    chains = 6
    q = torch.tensor(rng.standard_normal((chains, 2)))
    losses, accepted = [], torch.zeros(chains, dtype=torch.int64)
    for _ in range(STEPS):
        p = torch.tensor(rng.standard_normal((chains, 2)))
        new_q, new_p = leapfrog(q, p)
        chance = torch.exp(energy(q, p) - energy(new_q, new_p))
        taken = torch.tensor(rng.random(chains)) < chance
        q = torch.where(taken.unsqueeze(1), new_q, q)
        accepted += taken
        losses.append(potential(q).mean().item())
    return losses + q.flatten().tolist() + accepted.tolist()


if __name__ == "__main__":
    print(*main(), sep="\n")
