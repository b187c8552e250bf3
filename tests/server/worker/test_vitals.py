"""What a worker over the real engine tells of itself."""

from __future__ import annotations

from types import ModuleType

import pytest

import telegrad
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings


@pytest.fixture
def torch() -> ModuleType:
    return telegrad


def test_bytes_and_time_of_all_sessions_are_counted(torch: ModuleType) -> None:
    worker = make_worker(WorkerSettings(worker_bytes=10**9))
    try:
        before = worker.vitals.pulse()
        assert (before.held_bytes, before.busy_s, before.running) == (0, 0.0, 0)
        assert (before.limit_bytes, before.device) == (10**9, "cpu")
        torch.connect(worker.start(), progress=False)
        x = torch.ones(100_000, requires_grad=True)
        (x * x).sum().backward()
        assert x.grad is not None
        x.grad.sum().item()
        pulse = worker.vitals.pulse()
        assert pulse.held_bytes >= 2 * 400_000
        assert pulse.busy_s > 0
        assert (pulse.sessions, pulse.streams, pulse.running) == (1, 1, 0)
        (listed,) = worker.vitals.listing()
        assert listed.attached
        assert listed.held_bytes == pulse.held_bytes
        assert listed.applied_seq > 0
    finally:
        torch.disconnect()
        worker.stop()
