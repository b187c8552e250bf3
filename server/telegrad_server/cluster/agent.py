"""The process that speaks with Ray in a gateway's stead; `link.py` is the gateway's side.

It is told what is wanted, joins or starts Ray, has the supervisor and the workers made, says so, and from
then on answers questions. It ends when the gateway does, or when there is nothing left that it could ask.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

import ray
from ray.exceptions import ActorDiedError, RayError

from telegrad_server.cluster.attach import Attached, attached
from telegrad_server.cluster.wanted import Wanted
from telegrad_server.ending import end_hard_after
from telegrad_server.jobs.settings import JobSettings
from telegrad_server.worker.server import WorkerSettings

_log = logging.getLogger("telegrad.server")

_ASK_S: Final = 1.0
#: Who is asked about jobs may be about to start, or to start again, on a machine that is busy.
_ASK_JOBS_S: Final = 30.0

#: How long Ray may take to let go of this process.
_END_S: Final = 10.0

#: Questions that are answered at a time.
_THREADS: Final = 8


class Answers:
    """What can be asked: each method is a question's name.

    Args:
        cluster: what there is to be asked.
    """

    def __init__(self, cluster: Attached) -> None:
        self._supervisor = cluster.supervisor
        self._manager = cluster.manager

    def places(self) -> Mapping[str, str]:
        """The workers' addresses by name."""
        found: Mapping[str, str] = ray.get(self._supervisor.places.remote(), timeout=_ASK_S)
        return found

    def status(self) -> str:
        """What the supervisor knows: a StatusReply in base64."""
        return base64.b64encode(ray.get(self._supervisor.status.remote(), timeout=_ASK_S)).decode()

    def hurry(self) -> None:
        """Has the supervisor look at the workers now."""
        self._supervisor.hurry.remote()

    def drain(self, worker: str) -> bool:
        """Has a worker drained."""
        return bool(ray.get(self._supervisor.drain.remote(worker), timeout=_ASK_S))

    def stop(self, grace_s: float) -> None:
        """Ends the workers, then their supervisor."""
        ray.get(self._supervisor.stop.remote(grace_s), timeout=grace_s + _ASK_S)
        ray.kill(self._supervisor)

    def submitted(self, job_id: str) -> None:
        """Tells the jobs' manager of a new job."""
        ray.get(self._manager.submitted.remote(job_id), timeout=_ASK_JOBS_S)

    def cancelled(self, job_id: str) -> None:
        """Tells the jobs' manager that one is to stop."""
        ray.get(self._manager.cancelled.remote(job_id), timeout=_ASK_JOBS_S)

    def positions(self) -> Mapping[str, int]:
        """The queue."""
        found: Mapping[str, int] = ray.get(self._manager.positions.remote(), timeout=_ASK_JOBS_S)
        return found


def serve(link: socket.socket, answers: object, said: Mapping[str, Any]) -> None:
    """Answers questions until the gateway lets go, or an actor that is asked is no more.

    Args:
        link: to the gateway.
        answers: the questions, as methods.
        said: what the gateway is told first.
    """
    sending = threading.Lock()

    def send(message: Mapping[str, Any]) -> None:
        with sending:
            link.sendall(json.dumps(message).encode() + b"\n")

    def answer(question: Mapping[str, Any]) -> None:
        with suppress(OSError):  # the gateway is gone
            try:
                found = getattr(answers, question["ask"])(*question["arguments"])
            except Exception as error:  # noqa: BLE001  # whatever it was: the gateway asks again
                send({"id": question["id"], "error": f"{type(error).__name__}: {error}"})
                if isinstance(error, ActorDiedError):
                    # It does not come back, but the next process finds or makes another.
                    link.shutdown(socket.SHUT_RD)
            else:
                send({"id": question["id"], "answer": found})

    send(said)
    with link.makefile(encoding="utf-8") as lines, ThreadPoolExecutor(_THREADS) as pool:
        for line in lines:
            pool.submit(answer, json.loads(line))


def run(link: socket.socket) -> None:
    """Does what the gateway's first line says."""
    with link.makefile(encoding="utf-8") as lines:
        line = lines.readline()
    if not line:
        return  # the gateway has ended already
    opening = json.loads(line)
    logging.basicConfig(
        stream=sys.stderr,
        level=opening["log_level"],
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    jobs = opening["jobs"]
    try:
        with attached(
            WorkerSettings(**opening["worker"]),
            Wanted(**opening["wanted"]),
            JobSettings(**{**jobs, "roots": tuple(jobs["roots"])}),
            folder=opening["folder"],
            grace_s=opening["grace_s"],
            gateway_only=opening["gateway_only"],
            insecure=opening["insecure"],
        ) as cluster:
            # Not before: what Ray starts here would ignore them too. The end is the gateway's, who is told.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            serve(link, Answers(cluster), {"jobs": None if cluster.jobs is None else asdict(cluster.jobs)})
            end_hard_after(_END_S)
    except (OSError, ValueError, RuntimeError, RayError) as error:
        _log.info("no cluster", exc_info=error)
        with suppress(OSError):  # the gateway is gone
            link.sendall(json.dumps({"refused": str(error)}).encode() + b"\n")


def main() -> None:
    """The process: its only argument is the number of its end of the link."""
    with socket.socket(fileno=int(sys.argv[1])) as link:
        run(link)
        logging.shutdown()
        sys.stderr.flush()
        # Whatever thread of Ray's may wait for a cluster that is gone.
        os._exit(0)


if __name__ == "__main__":
    main()
