"""Sessions with names: another process goes on with tensors, gradients and graphs, bit for bit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import fsspec
import numpy as np
import pytest

import telegrad
from tests.integration.servers import Server
from tests.server.buckets import buckets

#: What the first process does; the second one is this test.
FIRST = """
import json, os, sys
import telegrad as tg

address, name, end = sys.argv[1:]
tg.connect(address, session=name)
assert tg.named() == {}
tg.manual_seed(11)
w = tg.randn(40, 30, requires_grad=True)
b = tg.zeros(30, requires_grad=True)
x = tg.randn(20, 40)
tg.name(w=w, b=b, x=x)
hidden = tg.tanh(x @ w + b)
((hidden**2).mean()).backward()
with tg.no_grad():
    w -= 0.1 * w.grad
loss = (tg.tanh(x @ w + b) ** 3).sum()
spent = (w * 2).exp().sum()
tg.name("loss", loss)
tg.name("spent", spent)
spent.backward(retain_graph=False)
tg.synchronize()
print(json.dumps({"w": w.detach().numpy().tobytes().hex(), "grad": w.grad.numpy().tobytes().hex(),
                  "loss": repr(loss), "leaf": [t.is_leaf for t in (w, b, x, loss)]}), flush=True)
if end == "crash":
    os._exit(3)
"""


def undisturbed() -> tuple[bytes, bytes]:
    """The gradients where one process does it all."""
    tg = telegrad
    tg.connect("embedded")
    tg.manual_seed(11)
    w = tg.randn(40, 30, requires_grad=True)
    b = tg.zeros(30, requires_grad=True)
    x = tg.randn(20, 40)
    ((tg.tanh(x @ w + b) ** 2).mean()).backward()
    with tg.no_grad():
        w -= 0.1 * w.grad
    loss = (tg.tanh(x @ w + b) ** 3).sum()
    (w * 2).exp().sum().backward()
    loss.backward()
    found = w.grad.numpy().tobytes(), b.grad.numpy().tobytes()
    tg.disconnect()
    return found


def first(address: str, name: str, end: str, status: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", FIRST, address, name, end],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def go_on(tg: ModuleType, said: dict[str, Any]) -> tuple[bytes, bytes]:
    """The gradients after the second process has gone on."""
    named = tg.named()
    assert list(named) == ["w", "b", "x", "loss", "spent"]
    w, b, loss = named["w"], named["b"], tg.named("loss")
    assert [t.is_leaf for t in (w, b, named["x"], loss)] == said["leaf"]
    assert [t.requires_grad for t in (w, b, named["x"], loss)] == [True, True, False, True]
    assert w.detach().numpy().tobytes().hex() == said["w"]
    assert w.grad.numpy().tobytes().hex() == said["grad"]
    assert repr(loss) == said["loss"]
    with pytest.raises(RuntimeError, match="second time"):
        named["spent"].backward()
    loss.backward()
    return w.grad.numpy().tobytes(), b.grad.numpy().tobytes()


@pytest.mark.parametrize("end", ["crash", pytest.param("exit", marks=pytest.mark.slow)])
def test_another_process_goes_on(end: str) -> None:
    with Server() as server:
        said = first(server.address, "study", end, 3 if end == "crash" else 0)
        telegrad.connect(server.address, session="study")
        found = go_on(telegrad, said)
        session = telegrad.current_session()
        held = session.transport.residuals().held_bytes
        telegrad.disconnect(forget=True)
        assert found == undisturbed()
        telegrad.connect(server.address, session="study")
        assert telegrad.named() == {}, "it was forgotten"
        with pytest.raises(KeyError, match="there are: none"):
            telegrad.named("w")
        telegrad.disconnect(forget=True)
        assert held < 60_000, "what nobody names any more is let go"


@pytest.mark.slow
@pytest.mark.parametrize("store", ["folder", "s3"])
def test_from_the_store_after_the_server_ended(tmp_path: Path, store: str) -> None:
    with buckets() if store == "s3" else nullcontext():
        if store == "s3":
            fsspec.filesystem("s3").mkdir("snapshots")
        _goes_on_from("s3://snapshots/here" if store == "s3" else str(tmp_path))


def _goes_on_from(store: str) -> None:
    with Server("--snapshots", store, "--snapshot-s", "0.1") as server:
        said = first(server.address, "study", "exit", 0)
        server.signal(signal.SIGTERM)
        server.wait()
        server.start()
        telegrad.connect(server.address, session="study")
        found = go_on(telegrad, said)
        telegrad.disconnect(forget=True)
    assert found == undisturbed()


LAST_WORDS = """
import sys
import telegrad as tg

tg.connect(sys.argv[1], session="last words")
w = tg.ones(3, requires_grad=True)
loss = (w * 2).sum()
tg.name(w=w, loss=loss)
with tg.no_grad():
    w += 1
loss.backward(retain_graph=True)
"""


def test_what_was_asked_for_last_arrives_when_the_process_ends() -> None:
    with Server() as server:
        done = subprocess.run(
            [sys.executable, "-c", LAST_WORDS, server.address],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        telegrad.connect(server.address, session="last words")
        w = telegrad.named("w")
        assert w.tolist() == [2, 2, 2]
        assert w.grad.tolist() == [2, 2, 2]
        telegrad.named("loss").backward()
        assert w.grad.tolist() == [4, 4, 4], "the graph of before the write, at the leaf of now"
        telegrad.disconnect(forget=True)


def test_who_had_it_before_has_lost_it() -> None:
    with Server() as server:
        old = telegrad.connect(server.address, session="one seat")
        x = telegrad.ones(3, requires_grad=True)
        telegrad.name(x=x)
        telegrad.synchronize()
        telegrad.connect(server.address, session="one seat")
        y = telegrad.named("x")
        y.sum().backward()
        assert y.grad.numpy().tolist() == [1, 1, 1]
        with pytest.raises(telegrad.errors.StaleEpochError):
            old.flush("test", fetches=[(x * 2)._value])
            old.synchronize()
        (y * 2).sum().backward()
        assert np.array_equal(y.grad.numpy(), [3, 3, 3])
        telegrad.disconnect(forget=True)
        old.close()


@pytest.mark.slow
def test_any_gateway_finds_it() -> None:
    with Server() as one, Server() as two:
        ways = ["--relay-to", one.address, "--relay-to", two.address]
        with Server(*ways) as first_gateway, Server(*ways) as second_gateway:
            said = first(first_gateway.address, "study", "crash", 3)
            telegrad.connect(second_gateway.address, session="study")
            found = go_on(telegrad, said)
            telegrad.disconnect(forget=True)
    assert found == undisturbed()


def test_names_are_for_named_sessions() -> None:
    telegrad.connect("embedded")
    with pytest.raises(telegrad.errors.SessionError, match="session="):
        telegrad.named()
    with pytest.raises(telegrad.errors.ArgumentError, match="address"):
        telegrad.connect("embedded", session="x")
    telegrad.disconnect()
