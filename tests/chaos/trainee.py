"""The process of a client that works in another network; `remote` is its end in the test.

python -m tests.chaos.trainee ADDRESS WORK [STEP...]
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Final, TextIO

import numpy as np

import telegrad
from telegrad.transport.grpc import GrpcTransport
from telegrad_proto.errors import TelegradError
from telegrad_proto.v1 import session_pb2
from tests.chaos.remote import Found, bits
from tests.integration.training import train

#: As many bytes as no window holds: 32 MiB.
VALUES: Final = 1 << 22


class _Noted(GrpcTransport):
    """Keeps the numbers of the outcomes that were taken."""

    taken: Final[list[int]] = []

    def receive(self, timeout_s: float | None = None) -> session_pb2.Outcome:
        outcome = super().receive(timeout_s)
        self.taken.append(outcome.seq)
        return outcome


class _Reporter:
    """What the client tells of itself."""

    def __init__(self, address: str, pauses: frozenset[int], sink: TextIO) -> None:
        self._pauses = pauses
        self._sink = sink
        telegrad.transport.grpc.GrpcTransport = _Noted
        transport = telegrad.connect(address, progress=False).transport
        assert isinstance(transport, _Noted)
        self._transport = transport

    def pause(self, step: int) -> None:
        """Says what was found, and waits for a line, where that is wanted."""
        if step in self._pauses:
            self.say(step)
            sys.stdin.readline()

    def say(self, step: int, *, results: Iterable[bytes] = (), error: str = "") -> None:
        """Says what was found."""
        traffic = self._transport.traffic
        found = Found(
            step,
            bits(results),
            error=error,
            session_id=self._transport._claim.session_id,
            sent=traffic.fragments,
            answered=self._transport.taken,
            reconnects=traffic.reconnects,
            replayed=traffic.replayed,
        )
        print(json.dumps(asdict(found)), file=self._sink, flush=True)


def _train(pause: Callable[[int], None]) -> list[bytes]:
    return train(telegrad, between=pause)


def _upload(pause: Callable[[int], None]) -> list[bytes]:
    telegrad.ones(1).sum().item()
    pause(0)
    data = telegrad.tensor(np.random.default_rng(0).random(VALUES))
    return [(data * 3).sum().numpy().tobytes()]


def _download(pause: Callable[[int], None]) -> list[bytes]:
    data = telegrad.sin(telegrad.arange(VALUES, dtype=telegrad.float64))
    data.sum().item()
    pause(0)
    return [data.numpy().tobytes()]


#: What a client can do, between pauses.
WORK: Final[Mapping[str, Callable[[Callable[[int], None]], list[bytes]]]] = {
    "train": _train,
    "upload": _upload,
    "download": _download,
}


def main(address: str, work: str, *pauses: str) -> None:
    """Does the work and says what came of it."""
    sink = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        reporter = _Reporter(address, frozenset(map(int, pauses)), sink)
        try:
            results = WORK[work](reporter.pause)
        except TelegradError as error:
            reporter.say(-1, error=type(error).__name__)
        else:
            reporter.say(-1, results=results)
        telegrad.disconnect()


if __name__ == "__main__":
    main(*sys.argv[1:])
