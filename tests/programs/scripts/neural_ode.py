"""A neural differential equation by Runge-Kutta: its gradient comes from the adjoint equation, solved
backwards by a Function of its own (Chen et al. 2018), which keeps the states at the times only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

nn = torch.nn
STEPS, INTERVALS, STEP_SIZE = 50, 5, 0.2


class Field(nn.Module):  # type: ignore[name-defined]
    """How the state changes."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 16)
        self.outer = nn.Linear(16, 2)

    def forward(self, y: Any) -> Any:
        return self.outer(torch.tanh(self.inner(y**3)))


def runge_kutta(slope: Any, state: tuple[Any, ...], size: float) -> tuple[Any, ...]:
    """The state one step later, or earlier."""

    def moved(by: tuple[Any, ...], share: float) -> tuple[Any, ...]:
        return tuple(s + share * size * k for s, k in zip(state, by, strict=True))

    k1 = slope(*state)
    k2 = slope(*moved(k1, 0.5))
    k3 = slope(*moved(k2, 0.5))
    k4 = slope(*moved(k3, 1.0))
    return tuple(
        s + size / 6 * (a + 2 * b + 2 * c + d) for s, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)
    )


class Solve(torch.autograd.Function):
    """The states at all times; backwards, the adjoint goes along with the state."""

    @staticmethod
    def forward(ctx: Any, field: Any, y: Any, *parameters: Any) -> Any:
        states = [y]
        for _ in range(INTERVALS):
            states += runge_kutta(lambda now: (field(now),), (states[-1],), STEP_SIZE)
        path = torch.stack(states)
        ctx.field = field
        ctx.save_for_backward(path, *parameters)
        return path

    @staticmethod
    def backward(ctx: Any, ct: Any) -> Any:
        path, *parameters = ctx.saved_tensors

        def slope(y: Any, adjoint: Any, *_: Any) -> tuple[Any, ...]:
            with torch.enable_grad():
                y = y.detach().requires_grad_()
                dy = ctx.field(y)
                found = torch.autograd.grad(dy, (y, *parameters), adjoint)
            return (dy.detach(), *(-x for x in found))

        adjoint = ct[-1]
        sums = [torch.zeros_like(parameter) for parameter in parameters]
        for i in range(INTERVALS, 0, -1):
            state = runge_kutta(slope, (path[i], adjoint, *sums), -STEP_SIZE)
            adjoint, sums = state[1] + ct[i - 1], list(state[2:])
        return None, adjoint, *sums


def spiral(start: np.ndarray) -> Any:
    """The path to be learnt."""
    turn = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    path = [start]
    for _ in range(INTERVALS):
        path += runge_kutta(lambda y: ((y**3) @ turn,), (path[-1],), STEP_SIZE)
    return torch.tensor(np.array(path))


def main() -> list[float]:
    rng = np.random.default_rng(10)
    start = rng.uniform(-1.5, 1.5, (4, 2))
    wanted = spiral(start)
    field = Field().double()
    with torch.no_grad():
        for parameter in field.parameters():
            parameter.copy_(torch.tensor(rng.normal(0, 0.3, tuple(parameter.shape))))
    y = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam(field.parameters(), lr=0.02)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        y.grad = None
        loss = (Solve.apply(field, y, *field.parameters()) - wanted).abs().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses + y.grad.flatten().tolist()


if __name__ == "__main__":
    print(*main(), sep="\n")
