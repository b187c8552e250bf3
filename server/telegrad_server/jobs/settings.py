"""How a cluster's jobs are done; no Ray is needed to say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobSettings:
    """How jobs are done.

    Attributes:
        jobs: the folder of all jobs, a path or URL that every node reaches.
        roots: where jobs may read and write; empty: everywhere.
        device: what the pool computes on.
        at_once: how many jobs are driven at a time.
        most: how many processes a job has at the most; 0: as many as the cluster has CPUs, or GPUs on cuda.
    """

    jobs: str
    roots: Sequence[str] = ()
    device: str = "cpu"
    at_once: int = 1
    most: int = 0
