"""Asks a server for gradients and checks them: the first thing to run against a new deployment.

    TELEGRAD_ADDRESS=host:port TELEGRAD_TOKEN_FILE=/path python smoke_test.py

With SMOKE_DATA=s3://bucket/folder (or a folder that the cluster sees) it also writes rows there, and has a
batch job go through them. Exit status 0 when everything came back right.
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


def run_job(folder: str, address: str, token: str | None) -> None:
    """Writes rows, submits a job over them, and checks what it adds up."""
    # Only a node of the cluster has these; a client needs neither.
    import fsspec
    import pyarrow as pa
    import pyarrow.parquet as pq

    from telegrad_server import object_store

    object_store.register()
    rng = np.random.default_rng(1)
    x, y, w = rng.standard_normal((20_000, 3)), rng.standard_normal(20_000), np.array([0.5, -1.0, 2.0])
    table = pa.table({**{f"x{column}": x[:, column] for column in range(3)}, "y": y})
    with fsspec.open(f"{folder}/rows.parquet", "wb") as file:
        pq.write_table(table, file, row_group_size=4_000)

    def loss(w: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = ((x @ w - y) ** 2).sum()
        return total

    specs = torch.spec((None, 3), "float64"), torch.spec((None,), "float64")
    program = torch.trace(loss, torch.tensor(w), *specs)
    job = torch.jobs.submit(
        program,
        data=f"{folder}/*.parquet",
        inputs={"x": ["x0", "x1", "x2"], "y": "y"},
        params={"w": w},
        shard_rows=4_000,
        address=address,
        token=token,
    )
    result = job.result()
    residuals = x @ w - y
    check("a job's sum", np.asarray(result.value), np.asarray((residuals**2).sum()))
    check("a job's gradient", np.asarray(result.grads["w"]), 2 * x.T @ residuals)


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

    if folder := os.environ.get("SMOKE_DATA"):
        run_job(folder, address.partition(",")[0], token)
    torch.disconnect()
    print(f"smoke test: passed in {time.perf_counter() - started:.2f} s against {address}")


if __name__ == "__main__":
    main()
