"""Calls of programs through a gateway, whose workers are killed while they compute."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import telegrad as tg
from telegrad.transport.remote import RemoteCalls
from telegrad_proto.channel import PROGRAMS_SERVICE, TOKEN_KEY, WORKER_SERVICE
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import AccessError, ServerUnavailableError, ShapeError
from telegrad_proto.program import Blueprint
from telegrad_proto.v1 import cluster_pb2, program_pb2
from telegrad_server.gateway.programs import ProgramRelay, Room, Upload
from tests.integration.servers import Server
from tests.places import READY_S
from tests.program_drafts import Draft, mean_of_sines

RAW = mean_of_sines().raw()
BLUEPRINT = Blueprint.from_bytes(RAW)
W, X = np.arange(4.0), np.ones((5, 4))
SIZE = 400
TOKEN = "a token for gateway and workers"
PRESENTED = ((TOKEN_KEY, f"Bearer {TOKEN}"),)


def slow_raw() -> bytes:
    """Sixty products of matrices: a second or so."""
    draft = Draft()
    x = y = draft.input("x", SIZE, SIZE)
    for _ in range(60):
        y = draft.node("matmul", y, x, needs=(0, 1))
    draft.output(draft.node("sum", y, attrs=((0, 1), False)))
    return draft.raw()


class Fleet:
    """Two workers and a gateway, each in a process of its own; one BLAS thread a worker."""

    def __init__(self, folder: Path) -> None:
        path = folder / "token"
        path.write_text(TOKEN)
        asks = ("--token-file", str(path))
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.workers = [Server(*asks, environment=one_thread) for _ in range(2)]
        for worker in self.workers:
            worker.begin()
        for worker in self.workers:
            worker.ready()
        ways = [part for worker in self.workers for part in ("--relay-to", worker.address)]
        self.gateway = Server(*ways, *asks).start()

    def running(self, worker: Server) -> int:
        """How many evaluations run on a worker."""
        with grpc.insecure_channel(worker.address) as channel:
            beat = channel.unary_unary(
                f"/{WORKER_SERVICE}/Beat",
                cluster_pb2.BeatRequest.SerializeToString,
                cluster_pb2.Pulse.FromString,
            )
            return int(beat(cluster_pb2.BeatRequest(), timeout=READY_S, metadata=PRESENTED).running)

    @contextmanager
    def busy(self, worker: Server, call: Callable[[], np.ndarray]) -> Iterator[list[Future[np.ndarray]]]:
        """Makes calls, two at a time, as long as it is open; begins while the worker computes one of them.

        Yields:
            The answers so far, all of them once it is closed.
        """
        found: list[Future[np.ndarray]] = []
        over = threading.Event()

        def go_on() -> None:
            while not over.is_set():
                future: Future[np.ndarray] = Future()
                found.append(future)
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001  # who looks at the answer gets it
                    future.set_exception(error)
                    return

        with ThreadPoolExecutor(2) as pool:
            for _ in range(2):
                pool.submit(go_on)
            try:
                deadline = time.monotonic() + READY_S
                while not self.running(worker):
                    assert time.monotonic() < deadline, "it computes nothing"
                yield found
            finally:
                over.set()

    def end(self) -> None:
        for server in (self.gateway, *self.workers):
            server.kill()
            server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path_factory.mktemp("programs"))
    try:
        yield fleet
    finally:
        fleet.end()


@pytest.fixture
def calls(fleet: Fleet) -> Iterator[RemoteCalls]:
    calls = RemoteCalls(fleet.gateway.address, token=TOKEN)
    yield calls
    calls.close()


def worker_of(fleet: Fleet, arrays: Sequence[np.ndarray], raw: bytes = RAW) -> str:
    """Which worker computed a call."""
    blueprint = Blueprint.from_bytes(raw)
    with grpc.insecure_channel(fleet.gateway.address) as channel:
        method = channel.stream_stream(
            f"/{PROGRAMS_SERVICE}/Call",
            program_pb2.CallPart.SerializeToString,
            program_pb2.ResultPart.FromString,
        )
        header = program_pb2.CallHeader(
            digest=blueprint.digest,
            program_bytes=len(raw),
            arrays=[encode_spec(i.spec) for i in blueprint.inputs],
        )
        data = raw + b"".join([a.tobytes() for a in arrays])
        # To its end: a call that is dropped counts as under way for a moment yet.
        first, *_ = method(iter([program_pb2.CallPart(header=header, data=data)]), metadata=PRESENTED)
        return str(first.header.worker)


def test_every_worker_learns_the_program_and_gives_the_same_bits(fleet: Fleet, calls: RemoteCalls) -> None:
    answers = [calls.call(BLUEPRINT, RAW, "value_and_grad", [0, 1], [W, X]) for _ in range(6)]
    for outputs, gradients in answers[1:]:
        for a, b in zip((*outputs, *gradients), (*answers[0][0], *answers[0][1]), strict=True):
            assert np.array_equal(a, b)
    names = Counter(worker_of(fleet, [W, np.ones((3, 4))]) for _ in range(8))
    assert sorted(names.values()) == [4, 4], "each worker in its turn"


def test_large_calls_pass_too(calls: RemoteCalls) -> None:
    x = np.random.default_rng(1).normal(size=(700_000, 4))  # 22 MB: more than the gateway keeps
    outputs, (gradient,) = calls.call(BLUEPRINT, RAW, "value_and_grad", [1], [W, x])
    assert gradient.shape == x.shape
    assert outputs[1].shape == (700_000, 1)


def test_a_large_call_that_is_refused_learns_why(calls: RemoteCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telegrad.transport.remote._BESIDE", 10**9)  # first without the program
    for number in range(6):
        draft = mean_of_sines()
        draft.message.name = f"another {number}"
        raw = draft.raw()
        (value, _), _ = calls.call(Blueprint.from_bytes(raw), raw, "value", [], [W, np.ones((100_000, 4))])
        np.testing.assert_allclose(value, np.sin(W).sum())


def test_errors_of_a_worker_come_through(calls: RemoteCalls) -> None:
    with pytest.raises(ShapeError, match="input w"):
        calls.call(BLUEPRINT, RAW, "value", [], [W[:2], X])


def test_two_calls_at_once_go_to_two_workers(fleet: Fleet) -> None:
    raw, x = slow_raw(), np.eye(SIZE)
    with ThreadPoolExecutor(2) as pool:
        names = list(pool.map(lambda _: worker_of(fleet, [x], raw), range(2)))
    assert len(set(names)) == 2


@pytest.mark.parametrize("victim", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_worker_killed_while_it_computes_costs_time_only(
    fleet: Fleet, calls: RemoteCalls, victim: int
) -> None:
    raw = slow_raw()
    blueprint = Blueprint.from_bytes(raw)
    x = np.random.default_rng(2).normal(size=(SIZE, SIZE)) / SIZE**0.5
    (wanted,), _ = calls.call(blueprint, raw, "value", [], [x])
    worker = fleet.workers[victim]

    def call() -> np.ndarray:
        (value,), _ = calls.call(blueprint, raw, "value", [], [x])
        return value

    with fleet.busy(worker, call) as found:
        worker.kill()
    assert len(found) >= 2
    for future in found:
        assert np.array_equal(future.result(0), wanted)
    worker.start()
    names: set[str] = set()
    while len(names) < 2:  # the gateway sees the new one within a heartbeat or two
        names.add(worker_of(fleet, [W, np.ones((3, 4))]))


@pytest.mark.slow
def test_a_worker_that_is_frozen_costs_time_only(fleet: Fleet, calls: RemoteCalls) -> None:
    raw = slow_raw()
    blueprint = Blueprint.from_bytes(raw)
    x = np.eye(SIZE)
    worker = fleet.workers[0]

    def call() -> np.ndarray:
        (value,), _ = calls.call(blueprint, raw, "value", [], [x])
        return value

    try:
        with fleet.busy(worker, call) as found:
            os.kill(worker.pid, signal.SIGSTOP)
        assert [float(future.result(0)) for future in found] == [SIZE] * len(found)
    finally:
        os.kill(worker.pid, signal.SIGCONT)


def test_shards_are_spread_and_the_answer_is_that_of_one_worker(fleet: Fleet) -> None:
    program = tg.trace(lambda w, x: tg.sin(x * w).sum(), tg.spec((4,)), tg.spec((None, 4)))
    tg.manual_seed(3)
    w, x = tg.randn(4), tg.randn(1000, 4)
    found = []
    for address in (fleet.gateway.address, fleet.workers[0].address, "embedded"):
        tg.connect(address, token=TOKEN, progress=False)
        value, gradient = program.value_and_grad(w.numpy(), x.numpy(), shards=5)
        found.append((value.numpy().copy(), gradient.numpy().copy()))
    tg.disconnect()
    for value, gradient in found[1:]:
        assert np.array_equal(value, found[0][0])
        assert np.array_equal(gradient, found[0][1])


def test_who_has_no_token_is_turned_away(fleet: Fleet) -> None:
    calls = RemoteCalls(fleet.gateway.address)
    with pytest.raises(AccessError):
        calls.call(BLUEPRINT, RAW, "value", [], [W, X])
    calls.close()


class _Client:
    """Sends messages when it is told to."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Any] = asyncio.Queue()

    async def read(self) -> Any:
        return await self.messages.get()


class _Worker:
    """Takes messages; the one after so many it never takes."""

    def __init__(self, count: int) -> None:
        self.got: list[Any] = []
        self._left = count

    async def write(self, message: bytes) -> None:
        if not self._left:
            await asyncio.Event().wait()
        self._left -= 1
        self.got.append(message)

    async def done_writing(self) -> None:
        self.got.append(None)


def test_what_a_lost_worker_got_is_sent_again() -> None:
    async def play() -> None:
        client, lost, other = _Client(), _Worker(1), _Worker(100)
        upload = Upload(Room(), kept_bytes=100)
        filling = asyncio.ensure_future(upload.fill(client))  # type: ignore[arg-type]
        first = asyncio.ensure_future(upload.send(lost))
        for message in (b"a", b"b"):
            client.messages.put_nowait(message)
        while lost.got != [b"a"]:
            await asyncio.sleep(0)
        first.cancel()
        client.messages.put_nowait(b"c")
        client.messages.put_nowait(grpc.aio.EOF)
        await upload.send(other)
        assert other.got == [b"a", b"b", b"c", None]
        assert upload.repeatable
        await filling

    asyncio.run(play())


def test_what_is_too_much_to_keep_goes_through_once() -> None:
    async def play() -> None:
        client, worker = _Client(), _Worker(100)
        upload = Upload(Room(), kept_bytes=3)
        messages = [b"aa", b"bb", b"cc", b"dd", b"ee"]
        for message in (*messages, grpc.aio.EOF):
            client.messages.put_nowait(message)
        filling = asyncio.ensure_future(upload.fill(client))  # type: ignore[arg-type]
        await upload.send(worker)
        await filling
        assert worker.got == [*messages, None]
        assert not upload.repeatable

    asyncio.run(play())


def test_all_calls_keep_no_more_than_there_is_room_for() -> None:
    async def play() -> None:
        room = Room(5)
        first, second = Upload(room), Upload(room)
        clients = [_Client(), _Client()]
        slow, quick = _Worker(0), _Worker(100)
        clients[0].messages.put_nowait(b"aaaa")
        filling = [
            asyncio.ensure_future(upload.fill(client))  # type: ignore[arg-type]
            for upload, client in zip((first, second), clients, strict=True)
        ]
        waiting = asyncio.ensure_future(first.send(slow))
        while room.left_bytes != 1:
            await asyncio.sleep(0)
        for message in (b"b", b"cc", b"dd", b"ee"):
            clients[1].messages.put_nowait(message)
        while clients[1].messages.qsize() != 2:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert clients[1].messages.qsize() == 2, "it is not read on before a worker takes it"
        assert room.left_bytes == 0
        clients[1].messages.put_nowait(grpc.aio.EOF)
        await second.send(quick)
        await filling[1]
        assert quick.got == [b"b", b"cc", b"dd", b"ee", None]
        assert (first.repeatable, second.repeatable) == (True, False)
        second.drop()
        assert room.left_bytes == 1
        waiting.cancel()
        filling[0].cancel()
        first.drop()
        assert room.left_bytes == 5

    asyncio.run(play())


class _NoWorkers:
    def workers(self) -> list[Any]:
        return []


def test_no_worker_at_all_is_told() -> None:
    async def play() -> None:
        client = _Client()
        relay = ProgramRelay(_NoWorkers())  # type: ignore[arg-type]
        with pytest.raises(ServerUnavailableError, match="no worker is ready"):
            await relay.call(None, client)  # type: ignore[arg-type]

    asyncio.run(play())


def test_room_is_given_back_whatever_reading_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(_Client):
        async def read(self) -> Any:
            if self.messages.empty():
                raise grpc.aio.UsageError("the call is over")
            return await super().read()

    async def play() -> None:
        client = Broken()
        relay = ProgramRelay(_NoWorkers())  # type: ignore[arg-type]
        whole = relay._room.left_bytes

        async def taken_in(_upload: Upload, _context: object) -> None:
            while relay._room.left_bytes == whole or not client.messages.empty():
                await asyncio.sleep(0)
            for _ in range(10):
                await asyncio.sleep(0)
            assert relay._room.left_bytes == whole - 3

        monkeypatch.setattr(relay, "_anywhere", taken_in)
        client.messages.put_nowait(b"abc")
        with pytest.raises(grpc.aio.UsageError):
            await relay.call(None, client)  # type: ignore[arg-type]
        assert relay._room.left_bytes == whole

    asyncio.run(play())
