"""Threads of a BLAS, in a process of its own: what is set stays set."""

from __future__ import annotations

import subprocess
import sys

import pytest

REPORT = """
import sys
import numpy
from threadpoolctl import threadpool_info
from telegrad_server.worker.threads import limit_threads
before = {pool["num_threads"] for pool in threadpool_info()}
limit_threads(int(sys.argv[1]))
import scipy.linalg  # brings a BLAS of its own
after = {pool["num_threads"] for pool in threadpool_info()}
print(sorted(before), sorted(after))
"""


@pytest.mark.parametrize("count", [0, 1])
def test_each_blas_gets_as_many(count: int) -> None:
    command = [sys.executable, "-c", REPORT, str(count)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    before, after = said.split("] ")
    assert after == "[1]" if count else after == f"{before}]"
