"""The actor's class without Ray: what it starts in its process."""

from __future__ import annotations

import pytest
import ray

from telegrad.transport.grpc import GrpcTransport
from telegrad_server.cluster.actor import WorkerActor
from telegrad_server.worker.server import WorkerSettings

TOKEN = "a token of some length"


def test_it_serves_on_a_port_of_its_own() -> None:
    actor = WorkerActor(WorkerSettings(port=7431, direct_address=":"), insecure=False)
    transport = GrpcTransport(actor.address())
    assert transport.open().direct_address == actor.address()
    assert not actor.address().endswith(":7431"), "the gateway's port is not the workers'"
    transport.close()
    actor.drain(1)


def test_an_empty_host_is_the_nodes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "127.0.0.2")
    actor = WorkerActor(WorkerSettings(host=""), insecure=False)
    assert actor.address().startswith("127.0.0.2:")
    actor.drain(1)


def test_off_loopback_it_wants_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "0.0.0.0")
    with pytest.raises(ValueError, match="--insecure"):
        WorkerActor(WorkerSettings(host=""), insecure=False)
    for settings, insecure in (
        (WorkerSettings(host="", token=TOKEN), False),
        (WorkerSettings(host=""), True),
    ):
        WorkerActor(settings, insecure=insecure).drain(1)
