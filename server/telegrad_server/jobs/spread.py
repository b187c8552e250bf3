"""Shards spread over a Ray cluster by Ray Data: a pool of processes, as many as there is work and room for.

Ray Data hands out the shards, fills the place of a process that dies, and gives what it was at to another.
That one may find the shard done: the ledger counts it once.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import ray.data
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from telegrad_proto.errors import InternalError, TelegradError
from telegrad_proto.status import from_status, to_status
from telegrad_proto.v1 import job_pb2
from telegrad_server.jobs.driver import Done, Event, Failed, Nothing
from telegrad_server.jobs.files import Roots
from telegrad_server.jobs.folder import JobFolder
from telegrad_server.jobs.shards import Halted, ShardRunner

_log = logging.getLogger("telegrad.server")

#: How often the driver hears that time went on.
_TICK_S: Final = 0.5

_DONE, _FAILED, _LEFT = "done", "failed", "left"


class _Worker:
    """One process of the pool."""

    def __init__(self, jobs: str, job_id: str, roots: Sequence[str], device: str) -> None:
        folder = JobFolder(jobs, job_id)
        folder.start_work()
        self._runner = ShardRunner(folder, Roots(roots), device=device)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        number = int(batch["shard"][0])
        try:
            kind, told = _DONE, self._runner.run(number).SerializeToString()
        except Halted:
            kind, told = _LEFT, b""
        except TelegradError as error:
            kind, told = _FAILED, to_status(error).SerializeToString()
        return {"shard": [number], "kind": [kind], "told": [told]}


def on_ray(
    jobs: str, job_id: str, roots: Sequence[str], *, device: str, most: int
) -> Callable[[Sequence[int]], Iterator[Event]]:
    """What computes a job's shards on the Ray that this process is connected to.

    Args:
        jobs: the folder of all jobs.
        job_id: whose shards.
        roots: where jobs may read and write.
        device: what each process computes on; on cuda each has a GPU.
        most: how many processes at the most.
    """

    def execute(shards: Sequence[int]) -> Iterator[Event]:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        pool = min(most, len(shards))
        folder = JobFolder(jobs, job_id)
        folder.await_work()
        lacking = Lack("GPU" if device.startswith("cuda") else "CPU", lambda: folder.at_work)
        work = ray.data.from_items(
            [{"shard": n} for n in shards], override_num_blocks=len(shards)
        ).map_batches(
            _Worker,
            fn_constructor_args=(jobs, job_id, tuple(roots), device),
            batch_size=1,
            num_cpus=1,
            num_gpus=1 if device.startswith("cuda") else 0,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=pool, max_tasks_in_flight_per_actor=1),
        )
        yield from _watched(lambda: work.iter_batches(batch_size=None, prefetch_batches=0), lacking)

    return execute


class Lack:
    """What keeps the first process of a pool from starting; said, since Ray waits for it without a word.

    Args:
        kind: what each process takes one of, in Ray's books: "CPU" or "GPU".
        started: whether there is a process.
        resources: what the cluster has left, and has in all.
    """

    def __init__(
        self,
        kind: str,
        started: Callable[[], bool],
        resources: Callable[[], tuple[float, float]] | None = None,
    ) -> None:
        self._kind = kind
        self._started = started
        self._resources = resources or self._ask_ray
        self._over = False

    def __call__(self) -> str:
        """What is lacking now, in words; nothing once a process has started."""
        self._over = self._over or self._started()
        if self._over:
            return ""
        left, total = self._resources()
        if left >= 1:
            return ""
        return f"requires a free {self._kind}; workers and other jobs have all {total:g} of the cluster"

    def _ask_ray(self) -> tuple[float, float]:
        left, total = ray.available_resources(), ray.cluster_resources()
        return left.get(self._kind, 0.0), total.get(self._kind, 0.0)


def _watched(start: Callable[[], Any], lacking: Callable[[], str] = str) -> Iterator[Event]:
    """What the pool tells, and in between that time goes on. The pool is at its end when this is."""
    told: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            for batch in start():
                for kind, raw, number in zip(batch["kind"], batch["told"], batch["shard"], strict=True):
                    told.put(_event(str(kind), bytes(raw), int(number)))
        except Exception as error:  # noqa: BLE001  # it is raised where the events are awaited
            told.put(error)
        told.put(None)

    reader = threading.Thread(target=read, name="telegrad-job", daemon=True)
    reader.start()
    while True:
        event: Event | Exception | None
        try:
            event = told.get(timeout=_TICK_S)
        except queue.Empty:
            event = Nothing(waiting=lacking())
        if event is None:
            reader.join()
            return
        if isinstance(event, Exception):
            _log.warning("the pool of a job failed", exc_info=event)
            raise OSError(f"the pool of processes failed: {str(event).strip().splitlines()[-1]}") from event
        yield event


def _event(kind: str, raw: bytes, number: int) -> Event:
    try:
        if kind == _DONE:
            return Done(job_pb2.LedgerEntry.FromString(raw))
        if kind == _FAILED:
            return Failed(number, from_status(status_pb2.Status.FromString(raw)))
    except DecodeError as error:
        return Failed(number, InternalError(f"shard {number}: an answer that is none: {error}"))
    return Nothing()
