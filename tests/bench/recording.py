"""What recording an operator costs the user's own thread, beside NumPy computing the same on four floats."""

from __future__ import annotations

import numpy as np

import telegrad as torch
from tests.bench.timing import Measured, measure, report

OPERATORS = 1000


def main() -> None:
    """Measures chains of 1,000 operators, with and without gradient."""
    torch.connect("embedded", progress=False)
    plain = torch.arange(4.0)
    leaf = torch.arange(4.0, requires_grad=True)
    array = np.arange(4.0, dtype=np.float32)

    def chain(x: torch.Tensor) -> None:
        y = x
        for _ in range(OPERATORS // 2):
            y = y * x
            y = y + x

    def chain_numpy() -> None:
        y = array
        with np.errstate(over="ignore"):
            for _ in range(OPERATORS // 2):
                y = y * array
                y = y + array

    contenders = {
        "NumPy": chain_numpy,
        "telegrad, without gradient": lambda: chain(plain),
        "telegrad, with gradient": lambda: chain(leaf),
    }
    found = {
        name: Measured(m.median_s / OPERATORS, m.p10_s / OPERATORS)
        for name, m in measure(contenders, rounds=10, calls=3, warm_up=3).items()
    }
    report(f"recording, an operator of {OPERATORS} (goal: at most 6 us)", found, peer="NumPy")
    torch.disconnect()


if __name__ == "__main__":
    main()
