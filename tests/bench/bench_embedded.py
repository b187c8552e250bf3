"""Forward and backward in this process beside eager PyTorch, where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import telegrad
from tests.bench.measuring import heading, report, seconds, side_by_side

torch = pytest.importorskip("torch")

Step = Callable[[], Any]


@pytest.fixture(autouse=True)
def embedded() -> Iterator[None]:
    telegrad.connect("embedded")
    yield
    telegrad.disconnect()


def dot(m: ModuleType, _draw: np.random.Generator) -> Step:
    def step() -> Any:
        x = m.tensor(np.arange(4.0, dtype=np.float32), requires_grad=True)
        y = 2 * m.dot(x, x)
        y.backward()
        return x.grad.numpy()

    return step


def elementwise(m: ModuleType, draw: np.random.Generator) -> Step:
    x = m.tensor(draw.standard_normal(1_000_000), requires_grad=True)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(3):
            y = m.tanh(y * 0.9 + 0.1)
        y.sum().backward()
        return x.grad.sum().item()

    return step


def matrices(m: ModuleType, draw: np.random.Generator) -> Step:
    a = m.tensor(draw.standard_normal((512, 512)), requires_grad=True)
    b = m.tensor(draw.standard_normal((512, 512)), requires_grad=True)

    def step() -> Any:
        a.grad = b.grad = None
        (a @ b).sum().backward()
        return a.grad.sum().item() + b.grad.sum().item()

    return step


def perceptron(m: ModuleType, draw: np.random.Generator) -> Step:
    inputs = m.tensor(draw.standard_normal((64, 64)))
    wanted = m.tensor(draw.standard_normal((64, 10)))
    sizes = [(64, 128), (128,), (128, 10), (10,)]
    weights = [m.tensor(0.1 * draw.standard_normal(size), requires_grad=True) for size in sizes]

    def step() -> Any:
        hidden = m.relu(inputs @ weights[0] + weights[1])
        loss = ((hidden @ weights[2] + weights[3] - wanted) ** 2).mean()
        for weight in weights:
            weight.grad = None
        loss.backward()
        with m.no_grad():
            for weight in weights:
                weight -= 0.01 * weight.grad
        return loss.item()

    return step


@pytest.mark.parametrize("case", [dot, elementwise, matrices, perceptron], ids=lambda case: case.__name__)
def bench_beside_torch(case: Callable[[ModuleType, np.random.Generator], Step]) -> None:
    steps = {m.__name__: case(m, np.random.default_rng(7)) for m in (telegrad, torch)}
    np.testing.assert_allclose(steps["telegrad"](), steps["torch"](), rtol=1e-6)
    times = side_by_side(steps)
    heading(f"embedded beside eager PyTorch {torch.__version__}: {case.__name__}")
    report(
        "forward, backward, one look",
        ("telegrad", times["telegrad"].median_s),
        ("torch", times["torch"].median_s),
        seconds,
    )
