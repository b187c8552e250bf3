"""When a session is stored."""

from __future__ import annotations

import pytest

from telegrad_server.core.snapshotting import Policy, Progress, is_due

POLICY = Policy(fragments=100, period_s=10, pause_s=1, retry_s=5)


@pytest.mark.parametrize(
    ("progress", "now", "expected"),
    [
        (Progress(0, 0, 0), 1000, False),
        (Progress(50, 50, 0, wanted=True), 1000, False),  # there is nothing new
        (Progress(1, 0, 0), 9.9, False),
        (Progress(1, 0, 0), 10, True),
        (Progress(99, 0, 0), 2, False),
        (Progress(100, 0, 0), 2, True),
        (Progress(100, 0, 0), 0.9, False),
        (Progress(1, 0, 0, wanted=True), 0, True),
        (Progress(1, 0, 0, wanted=True, failed=True), 4.9, False),
        (Progress(1, 0, 0, failed=True), 5, True),
    ],
)
def test_is_due(progress: Progress, now: float, expected: bool) -> None:
    assert is_due(progress, POLICY, now) is expected
