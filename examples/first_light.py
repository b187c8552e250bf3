"""The main job from end to end: a server on loopback, gradients through real gRPC, checked, all ended.

    make demo

Computes what courses on automatic differentiation show first, then fits a regression to the diabetes data of
scikit-learn, and prints values, gradients, messages and times.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

import telegrad as torch


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


@contextmanager
def section(title: str) -> Iterator[None]:
    """A titled part of the output that ends with its messages and its time."""
    print(f"\n{title}")
    messages, started = torch.session().log.count, time.perf_counter()
    yield
    milliseconds = 1e3 * (time.perf_counter() - started)
    print(f"  -> round trips: {torch.session().log.count - messages}, time: {milliseconds:.1f} ms")


def require(name: str, got: torch.Tensor, expected: object) -> None:
    """Ends the demonstration with an error where a result is not what calculus says.

    Raises:
        SystemExit: the result differs.
    """
    if not np.allclose(got.detach().numpy(), expected, rtol=1e-5, atol=1e-6):
        raise SystemExit(f"{name}: expected {expected}, got {got}")


def dot_product() -> None:
    """y = 2 x.x has the gradient 4 x."""
    x = torch.arange(4.0, requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward()
    print(f"  y = 2 x.x  = {y}")
    print(f"  dy/dx      = {x.grad}")
    require("4 x", x.grad, [0.0, 4.0, 8.0, 12.0])


def detached() -> None:
    """With u = x*x held constant, d(u x)/dx is u."""
    x = torch.arange(4.0, requires_grad=True)
    y = x * x
    u = y.detach()
    (u * x).sum().backward()
    print(f"  d(u x)/dx, u constant = {x.grad}")
    require("u", x.grad, [0.0, 1.0, 4.0, 9.0])
    assert x.grad is not None
    x.grad.zero_()
    y.sum().backward()
    print(f"  d(x x)/dx             = {x.grad}")
    require("2 x", x.grad, [0.0, 2.0, 4.0, 6.0])


def control_flow() -> None:
    """A loop that depends on values: f(a) = k a, so the gradient is f(a) / a."""
    torch.manual_seed(0)
    a = torch.randn(size=(), requires_grad=True)
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    d = b if b.sum() > 0 else 100 * b
    d.backward()
    print(f"  a = {a.item():.4f}, f(a) = {d.item():.1f}, df/da = {a.grad}")
    require("f(a) / a", a.grad, d.item() / a.item())


def jacobian() -> None:
    """Two backward passes over one graph give the two rows of a Jacobian."""
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    k = torch.zeros(2)
    k[0] = x[0] ** 2 + 3 * x[1]
    k[1] = x[1] ** 2 + 2 * x[0]
    rows = []
    for cotangent in ([1.0, 0.0], [0.0, 1.0]):
        x.grad = None
        k.backward(torch.tensor(cotangent), retain_graph=True)
        assert x.grad is not None
        rows.append(x.grad.tolist())
    print(f"  k = {k}\n  Jacobian = {rows}")
    require("Jacobian", torch.tensor(rows), [[4.0, 3.0], [2.0, 6.0]])


def sine() -> None:
    """The derivative of the sine, and the derivative of that."""
    x = torch.linspace(-math.pi, math.pi, 9, requires_grad=True)
    (first,) = torch.autograd.grad(torch.sin(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    print(f"  sin'  = {first}\n  sin'' = {second}")
    points = x.detach().numpy()
    require("cos", first, np.cos(points))
    require("-sin", second, -np.sin(points))


def regression() -> None:
    """Gradient descent on 442 patients: the loss falls to that of the normal equations."""
    data = load_diabetes()
    features = np.column_stack([data.data / data.data.std(axis=0), np.ones(len(data.data))])
    target = data.target / data.target.std()
    exact, *_ = np.linalg.lstsq(features, target, rcond=None)
    best = float(np.mean((features @ exact - target) ** 2))

    inputs, wanted = torch.tensor(features), torch.tensor(target)
    w = torch.zeros(features.shape[1], dtype=torch.float64, requires_grad=True)
    for step in range(301):
        loss = ((inputs @ w - wanted) ** 2).mean()
        loss.backward()
        if step % 100 == 0:
            print(f"  step {step:3d}: mean squared error {loss.item():.4f}")
        with torch.no_grad():
            assert w.grad is not None
            w -= 0.1 * w.grad
            w.grad.zero_()
    print(f"  least squares:  {best:.4f}")
    final = ((inputs @ w - wanted) ** 2).mean().item()
    if final > best * 1.02:
        raise SystemExit(f"the regression stopped at {final}, the optimum is {best}")


def main() -> None:
    started = time.perf_counter()
    with server() as address:
        torch.connect(address)
        print(f"a server of our own listens on {address}")
        for run in (dot_product, detached, control_flow, jacobian, sine, regression):
            assert run.__doc__ is not None
            with section(run.__doc__):
                run()
        torch.disconnect()
    print(f"\nall results are right; {time.perf_counter() - started:.1f} s, the server has ended")


if __name__ == "__main__":
    main()
