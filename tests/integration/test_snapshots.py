"""A session stored and made again between any two fragments goes on bit for bit as it would have.

The whole client runs over it: training, graphs that live on, second derivatives, gradients asked for later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import pytest

import telegrad
from telegrad.transport.embedded import EmbeddedTransport
from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.session import EngineSession
from telegrad_proto.v1 import session_pb2, snapshot_pb2
from tests.integration.training import train


class Moving:
    """Makes every fragment of an embedded session be applied by an engine session of its own."""

    def __init__(self, transport: EmbeddedTransport) -> None:
        self.transport = transport
        self.moves = 0
        self.plans = PlanCache()

    def move(self) -> None:
        engine = self.transport._opened()
        captured = engine.capture()
        blobs: dict[bytes, bytes] = {}
        for message, data in captured.blobs():
            captured.graph.arrays.append(message)
            blobs[message.digest] = bytes(data())
        raw = captured.graph.SerializeToString()
        engine.close()
        after = EngineSession(plans=self.plans)
        after.restore(snapshot_pb2.StoredGraph.FromString(raw), blobs.__getitem__)
        self.transport._engine = after
        self.moves += 1


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moving]:
    session = telegrad.connect("embedded")
    transport = session.transport
    assert isinstance(transport, EmbeddedTransport)
    found = Moving(transport)
    send = transport.send

    def send_and_move(fragment: session_pb2.Fragment) -> int:
        size = send(fragment)
        while transport._outcomes and any(value.by_get for value in transport._outcomes[-1].values):
            return size  # its client is about to get a value of it
        found.move()
        return size

    monkeypatch.setattr(transport, "send", send_and_move)
    yield found
    telegrad.disconnect()


def second_order(tg: ModuleType) -> list[bytes]:
    x = tg.linspace(0.1, 2, 50, requires_grad=True)
    y = (tg.sin(x) * x**2).sum()
    (first,) = tg.autograd.grad(y, x, create_graph=True)
    first.sum().item()
    second = (first**2).sum()
    second.item()
    second.backward()
    return [first.detach().numpy().tobytes(), x.grad.numpy().tobytes()]


def graphs_that_live_on(tg: ModuleType) -> list[bytes]:
    tg.manual_seed(3)
    w = tg.randn(30, 40, requires_grad=True)
    x = tg.randn(40, 7)
    hidden = tg.tanh(w @ x)
    hidden.sum().item()
    loss = (hidden.T[:, ::2] ** 3).mean()
    other = hidden.exp().sum()
    loss.item()
    loss.backward(retain_graph=True)
    loss.item()
    other.backward()
    (w.grad * 2).sum().item()
    with pytest.raises(RuntimeError, match="second time"):
        other.backward()
    return [w.grad.numpy().tobytes(), hidden.detach().flip(0).numpy().tobytes()]


def sums_whose_order_matters(tg: ModuleType) -> list[bytes]:
    x = tg.tensor(np.random.default_rng(5).normal(size=(70, 300)).astype(np.float32))
    turned = x.T.flip(0)
    turned.sum().item()
    wide = tg.ones(1, 300).expand(70, 300) * x
    wide.sum().item()
    return [t.numpy().tobytes() for t in (turned.sum(0), turned.sum(1), turned.sum(), wide.sum(0), x @ x.T)]


PROGRAMS = {
    "training": train,
    "second": second_order,
    "live": graphs_that_live_on,
    "sums": sums_whose_order_matters,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_session_that_moves_all_the_time(
    program: Callable[[ModuleType], list[bytes]], moving: Moving
) -> None:
    found = program(telegrad)
    assert moving.moves > 2
    telegrad.disconnect()
    telegrad.connect("embedded")
    assert program(telegrad) == found
