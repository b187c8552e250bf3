"""The same seed draws the same numbers, wherever and however often it is computed."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import telegrad
from telegrad.transport.cluster import ClusterChannel
from telegrad.transport.embedded import EmbeddedTransport
from telegrad_engine.kernels import random, samplers
from telegrad_engine.session import EngineSession
from telegrad_proto import dtypes
from telegrad_proto.v1 import session_pb2
from tests.places import Place, serving

pytestmark = pytest.mark.timeout(180)  # the first test on Ray starts it

SEED = 20240229
Array = np.ndarray[Any, Any]


def key(offset: int) -> Array:
    return np.array([SEED, offset], "<u8")


def drawn(tg: ModuleType) -> list[Any]:
    """Draws of every kind, in this order."""
    tg.manual_seed(SEED)
    ones = tg.ones(50, dtype=tg.float64)
    made = [
        tg.rand(7),
        tg.randn(2, 3, dtype=tg.float64),
        tg.randint(10, (20,)),
        tg.nn.functional.dropout(ones, 0.4),
        tg._standard_gamma(ones * 0.7),
        tg.poisson(ones * 12),
        tg.binomial(ones * 30, ones * 0.2),
        tg.randperm(30),
        tg.distributions.Normal(ones, 2.0).rsample((2,)),
        tg.multinomial(tg.ones(5), 3),
    ]
    return [x.tolist() for x in made]


def test_every_place_draws_what_the_key_says(tg: ModuleType, place: Place) -> None:
    found = drawn(tg)
    assert found[0] == random.uniform(np, key(0), shape=(7,), dtype=dtypes.float32).tolist()
    assert found[1] == random.normal(np, key(1), shape=(2, 3), dtype=dtypes.float64).tolist()
    assert found[2] == (random.bits(np, key(2), shape=(20,)) % np.uint64(10)).tolist()
    kept = random.uniform(np, key(3), shape=(50,), dtype=dtypes.float64) >= 0.4
    assert found[3] == pytest.approx((kept / 0.6).tolist(), rel=1e-15)
    assert found[4] == samplers.gamma(np, key(4), np.full(50, 0.7)).tolist()
    assert found[5] == samplers.poisson(np, key(5), np.full(50, 12.0)).tolist()
    assert drawn(tg) == found


def test_looking_again_is_no_new_draw(tg: ModuleType) -> None:
    tg.manual_seed(SEED)
    w = tg.ones(1000, dtype=tg.float64, requires_grad=True)
    dropped = tg.nn.functional.dropout(w, 0.5)
    noisy = dropped * tg.rand(1000, dtype=tg.float64)
    total = noisy.sum()
    first = total.item()
    total.backward(retain_graph=True)
    assert noisy.sum().item() == first
    before = w.grad.tolist()
    assert before == noisy.tolist()  # of ones: the gradient went through the same mask
    w.grad = None
    total.backward()
    assert w.grad.tolist() == before


def test_a_checkpoint_draws_again_what_it_drew(tg: ModuleType) -> None:
    tg.manual_seed(SEED)
    x = tg.ones(500, dtype=tg.float64, requires_grad=True)
    y = tg.utils.checkpoint.checkpoint(lambda t: tg.nn.functional.dropout(t * 2, 0.5), x, use_reentrant=False)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_states_travel(tg: ModuleType) -> None:
    generator = tg.Generator().manual_seed(SEED)
    tg.rand(3, generator=generator).tolist()
    state = generator.get_state()
    first = tg.randn(5, generator=generator).tolist()
    other = tg.Generator()
    other.set_state(state)
    assert tg.randn(5, generator=other).tolist() == first


def test_a_fragment_computed_again_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[bytes, bytes]] = []
    send = EmbeddedTransport.send

    def noted(self: EmbeddedTransport, fragment: session_pb2.Fragment) -> int:
        raw = fragment.SerializeToString()
        size = send(self, fragment)
        sent.append((raw, _values(self._outcomes[-1])))
        return size

    monkeypatch.setattr(EmbeddedTransport, "send", noted)
    telegrad.connect("embedded")
    drawn(telegrad)
    telegrad.disconnect()
    again = EngineSession()
    assert len(sent) > 5
    for raw, values in sent:
        assert _values(again.apply(session_pb2.Fragment.FromString(raw))) == values
    again.close()


def _values(outcome: session_pb2.Outcome) -> bytes:
    assert not outcome.HasField("error")
    return b"".join(value.SerializeToString() for value in outcome.values)


@pytest.mark.ray
@pytest.mark.slow
def test_every_worker_draws_the_same() -> None:
    telegrad.connect("embedded")
    wanted = drawn(telegrad)
    telegrad.disconnect()
    workers = set()
    with serving("--ray", "--workers", "2") as (address, _):
        gateway = ClusterChannel(address, None)  # it serves as soon as one of them does
        while sum(worker.state == "ready" for worker in gateway.status().workers) < 2:
            threading.Event().wait(0.05)
        sessions = []
        for _ in range(4):
            telegrad.connect(address)
            sessions.append(telegrad.current_session())  # alive, so that the next goes elsewhere
            assert drawn(telegrad) == wanted
            transport: Any = sessions[-1].transport
            workers.add(transport._claim.session_id.split(".")[0])
        for session in sessions:
            session.close()
        telegrad.disconnect()
    assert len(workers) == 2
