"""Which nodes answer, with Ray's list played and sockets in the nodes' place."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
import ray

from telegrad_server.api import probing
from telegrad_server.cluster import nodes as module
from telegrad_server.cluster.nodes import Nodes, look_around
from tests.server.fakes import fake_worker


def node(name: str, address: str, *, alive: bool = True, cpus: float = 2.0) -> dict[str, object]:
    host, _, port = address.rpartition(":")
    return {
        "NodeID": name,
        "Alive": alive,
        "NodeManagerAddress": host,
        "NodeManagerPort": int(port),
        "Resources": {"CPU": cpus} if cpus else {},
    }


def test_who_listens_but_does_not_greet_is_mute(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_worker() as worker, socket.create_server(("127.0.0.1", 0)) as frozen:
        found = [
            node("well", worker.address),
            node("head", worker.address, cpus=0.0),
            node("frozen", f"127.0.0.1:{frozen.getsockname()[1]}"),
            node("dead, not noticed", "127.0.0.1:1"),
            node("dead", "127.0.0.1:1", alive=False),
        ]
        monkeypatch.setattr(ray, "nodes", lambda: found)
        monkeypatch.setattr(probing, "_SIGN_OF_LIFE_S", 2.0)  # the well one has more time to greet
        found_now = asyncio.run(look_around("CPU"))
        assert found_now.mute == ("frozen", "dead, not noticed")
        assert found_now.fit == ("well", "frozen", "dead, not noticed")
        assert asyncio.run(look_around("GPU")).fit == ()


def test_a_head_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ASK_S", 0.01)
    monkeypatch.setattr(ray, "nodes", lambda: threading.Event().wait(0.1))
    assert asyncio.run(look_around("CPU")) == Nodes()
