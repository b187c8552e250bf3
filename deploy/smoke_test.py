"""Asks a server for gradients and checks them: the first thing to run against a new deployment.

    TELEGRAD_ADDRESS=host:port TELEGRAD_TOKEN_FILE=/path python smoke_test.py

Exit status 0 when everything came back right.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

import telegrad as torch


def check(name: str, got: np.ndarray, expected: np.ndarray) -> None:
    """Ends with an error where a result is wrong.

    Raises:
        SystemExit: the result differs from what calculus says.
    """
    if got.shape != expected.shape or not np.allclose(got, expected, rtol=1e-5):
        raise SystemExit(f"smoke test: {name}: expected {expected}, got {got}")
    print(f"smoke test: {name}: right")


def main() -> None:
    address = os.environ.get("TELEGRAD_ADDRESS", "")
    if not address:
        raise SystemExit("smoke test: TELEGRAD_ADDRESS names no server")
    token_file = os.environ.get("TELEGRAD_TOKEN_FILE")
    token = Path(token_file).read_text(encoding="ascii").strip() if token_file else None
    started = time.perf_counter()
    torch.connect(address, token=token)

    x = torch.arange(4.0, requires_grad=True)
    (2 * torch.dot(x, x)).backward()
    assert x.grad is not None
    check("gradient of 2 x.x", x.grad.numpy(), np.array([0, 4, 8, 12], np.float32))

    # Larger than what travels inside a message: up by Put, back by Get.
    rows = np.random.default_rng(0).standard_normal((512, 512))
    a = torch.tensor(rows, requires_grad=True)
    (a @ a).sum().backward()
    assert a.grad is not None
    check("gradient of sum(a @ a)", a.grad.numpy(), rows.sum(0)[:, None] + rows.sum(1)[None, :])

    torch.disconnect()
    print(f"smoke test: passed in {time.perf_counter() - started:.2f} s against {address}")


if __name__ == "__main__":
    main()
