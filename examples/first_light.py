"""The main job from end to end: a server on loopback, gradients through real gRPC, checked, all ended.

    make demo

Computes what courses on automatic differentiation show first, then fits a regression to the diabetes data of
scikit-learn. Each part prints values and gradients, holds them against calculus, and tells what went over
the wire.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_diabetes

import telegrad as torch

WIDTH: Final = 100


@contextmanager
def server() -> Iterator[str]:
    """The address of a server of our own on loopback, ended when the block ends."""
    command = [str(Path(sys.executable).with_name("telegrad-server")), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"listening on (\S+)", line)
            if found is None:
                raise RuntimeError(f"the server did not start: {line!r}")
            yield found.group(1)
        finally:
            process.terminate()
            process.wait()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a part took.

    Attributes:
        round_trips: messages to the server, each with its answer.
        sent_bytes, received_bytes: over the wire, both ways.
        took_s: by the clock.
    """

    round_trips: int
    sent_bytes: int
    received_bytes: int
    took_s: float

    def __str__(self) -> str:
        return (
            f"{self.round_trips:4d} round trips {self.sent_bytes:9,d} B up "
            f"{self.received_bytes:9,d} B down {1e3 * self.took_s:8.1f} ms"
        )


def measured(part: Callable[[], None]) -> Cost:
    """What running the part takes."""
    session = torch.current_session()
    traffic = session.transport.traffic
    count, sent, received = session.log.count, traffic.sent_bytes, traffic.received_bytes
    started = time.perf_counter()
    part()
    took_s = time.perf_counter() - started
    return Cost(
        session.log.count - count, traffic.sent_bytes - sent, traffic.received_bytes - received, took_s
    )


def show(name: str, value: object) -> None:
    """Prints a named value; the lines of a matrix under each other."""
    first, *rest = str(value).split("\n")
    print(f"   {name:<14} {first}")
    for line in rest:
        print(f"   {'':<14} {line}")


def require(name: str, got: torch.Tensor | None, expected: npt.ArrayLike) -> None:
    """Ends the demonstration with an error where a result is not what calculus says.

    Raises:
        SystemExit: the result differs.
    """
    assert got is not None
    if not np.allclose(got.detach().numpy(), expected, rtol=1e-5, atol=1e-6):
        raise SystemExit(f"{name}: expected {expected!r}, got {got}")


def dot_product() -> None:
    """y = 2 x.x has the gradient 4 x."""
    x = torch.arange(4.0, requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward()
    show("y", y)
    show("x.grad", x.grad)
    require("4 x", x.grad, [0.0, 4.0, 8.0, 12.0])


def accumulation() -> None:
    """Gradients add up over backward passes, until they are zeroed."""
    x = torch.tensor([3.0], requires_grad=True)
    y = x * 2 + x**2 + 3
    y.backward(retain_graph=True)
    show("first", x.grad)
    y.backward()
    show("second", x.grad)
    require("twice", x.grad, [16.0])
    try:
        y.backward()
    except RuntimeError as error:
        show("third", f"RuntimeError: {str(error).split('(')[0].strip()} ...")
    else:
        raise SystemExit("the graph should have been freed")
    assert x.grad is not None
    x.grad.zero_()
    show("zeroed", x.grad)


def detached() -> None:
    """With u = x*x held constant, the gradient of u x is u; without, it is 3 u."""
    x = torch.arange(4.0, requires_grad=True)
    y = x * x
    u = y.detach()
    (u * x).sum().backward()
    show("u constant", x.grad)
    require("u", x.grad, [0.0, 1.0, 4.0, 9.0])
    assert x.grad is not None
    x.grad.zero_()
    (y * x).sum().backward()
    show("u = x*x", x.grad)
    require("3 u", x.grad, [0.0, 3.0, 12.0, 27.0])


def matrices() -> None:
    """out = mean(y - x w): the gradient of y is 1/50 everywhere, that of x has ten equal rows."""
    torch.manual_seed(7)
    x = torch.randn(10, 20, requires_grad=True)
    y = torch.randn(10, 5, requires_grad=True)
    w = torch.randn(20, 5, requires_grad=True)
    torch.mean(y - torch.matmul(x, w)).backward()
    assert x.grad is not None
    assert y.grad is not None
    show("x.grad[0]", x.grad[0, :6])
    show("y.grad[0]", y.grad[0])
    require("1/50", y.grad, np.full((10, 5), 0.02))
    require("equal rows", x.grad, np.tile(-w.detach().numpy().sum(axis=1) / 50, (10, 1)))


def control_flow() -> None:
    """A loop that depends on values, one look a turn: f(a) = k a, so the gradient is f(a) / a."""
    torch.manual_seed(0)
    a = torch.randn(size=(), requires_grad=True)
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    d = b if b.sum() > 0 else 100 * b
    d.backward()
    show("a", a)
    show("f(a)", d)
    show("a.grad", a.grad)
    require("f(a) / a", a.grad, d.item() / a.item())


def jacobian() -> None:
    """Written element by element; two backward passes over one graph give the rows of a Jacobian."""
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    k = torch.zeros(2)
    k[0] = x[0] ** 2 + 3 * x[1]
    k[1] = x[1] ** 2 + 2 * x[0]
    j = torch.zeros(2, 2)
    for row, cotangent in enumerate(([1.0, 0.0], [0.0, 1.0])):
        x.grad = None
        k.backward(torch.tensor(cotangent), retain_graph=True)
        j[row] = x.grad
    show("k", k)
    show("Jacobian", j)
    require("Jacobian", j, [[4.0, 3.0], [2.0, 6.0]])


def sine() -> None:
    """The derivative of the sine, and the derivative of that."""
    x = torch.linspace(-math.pi, math.pi, 201, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(torch.sin(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    points = x.detach().numpy()
    require("cos", first, np.cos(points))
    require("-sin", second, -np.sin(points))
    for name, values in (("sin'", first.detach().numpy()), ("sin''", second.numpy())):
        levels = np.rint((values[::4] + 1) * 3.5).astype(int)
        show(name, "".join("▁▂▃▄▅▆▇█"[level] for level in levels) + "   over [-π, π]")


def regression() -> None:
    """Gradient descent on 442 patients: the error falls to that of the normal equations."""
    data = load_diabetes()
    features = np.column_stack([data.data / data.data.std(axis=0), np.ones(len(data.data))])
    target = data.target / data.target.std()
    exact, *_ = np.linalg.lstsq(features, target, rcond=None)
    best = float(np.mean((features @ exact - target) ** 2))

    inputs, wanted = torch.tensor(features), torch.tensor(target)
    w = torch.zeros(features.shape[1], dtype=torch.float64, requires_grad=True)
    loss = torch.zeros(())
    for step in range(301):
        loss = ((inputs @ w - wanted) ** 2).mean()
        w.grad = None
        loss.backward()
        if step % 100 == 0:
            show(f"step {step:3d}", f"mean squared error {loss.item():.4f}")
        with torch.no_grad():
            w -= 0.1 * w.grad
    show("least squares", f"mean squared error {best:.4f}")
    show("|gradient|", w.grad.norm())
    if loss.item() > best * 1.02:
        raise SystemExit(f"the regression stopped at {loss.item()}, the optimum is {best}")


PARTS: Final = (
    dot_product,
    accumulation,
    detached,
    matrices,
    control_flow,
    jacobian,
    sine,
    regression,
)


def main() -> None:
    """Runs all parts against a server of our own."""
    started = time.perf_counter()
    with server() as address:
        torch.connect(address)
        device = torch.current_session().device
        print(f"telegrad {torch.__version__}: a server of our own listens on {address}, device {device}")
        costs = []
        for number, part in enumerate(PARTS, 1):
            assert part.__doc__ is not None
            print(f"\n{number}. {part.__doc__}")
            costs.append(measured(part))
            print(f"{costs[-1]!s:>{WIDTH}}")
        total = Cost(
            sum(c.round_trips for c in costs),
            sum(c.sent_bytes for c in costs),
            sum(c.received_bytes for c in costs),
            sum(c.took_s for c in costs),
        )
        print(f"\n{'-' * WIDTH}\nall results are what calculus says{total!s:>{WIDTH - 34}}")
        torch.disconnect()
    took_s = time.perf_counter() - started
    print(f"{took_s:.1f} s with starting and ending the server; nothing is left running")


if __name__ == "__main__":
    main()
