"""The actor's class without Ray: what it starts in its process."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace

import pytest
import ray

from telegrad.transport.grpc import GrpcTransport
from telegrad_server.cluster import actor as module
from telegrad_server.cluster.actor import WorkerActor
from telegrad_server.worker.server import WorkerSettings

TOKEN = "a token of some length"


@pytest.fixture(autouse=True)
def node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(get_node_id=lambda: "a node"))


def test_it_serves_on_a_port_of_its_own() -> None:
    actor = WorkerActor(WorkerSettings(port=7431, direct_address=":"), insecure=False)
    where = actor.whereabouts()
    transport = GrpcTransport(where.address)
    assert transport.open().direct_address == where.address
    assert not where.address.endswith(":7431"), "the gateway's port is not the workers'"
    assert where.node_id == "a node"
    transport.close()
    actor.stop()


def test_an_empty_host_is_the_nodes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "127.0.0.2")
    actor = WorkerActor(WorkerSettings(host=""), insecure=False)
    assert actor.whereabouts().address.startswith("127.0.0.2:")
    actor.stop()


def test_off_loopback_it_wants_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "0.0.0.0")
    with pytest.raises(ValueError, match="--insecure"):
        WorkerActor(WorkerSettings(host=""), insecure=False)
    for settings, insecure in (
        (WorkerSettings(host="", token=TOKEN), False),
        (WorkerSettings(host=""), True),
    ):
        WorkerActor(settings, insecure=insecure).stop()


def test_without_its_raylet_it_hands_over_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(module, "_end", ended.set)
    monkeypatch.setattr(module, "_LOOK_S", 0.01)
    actor = WorkerActor(WorkerSettings(), insecure=False)
    assert not ended.wait(0.1)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert ended.wait(30)
    actor.stop()
