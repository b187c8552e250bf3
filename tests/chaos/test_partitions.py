"""Networks that come apart and together again, and slow ones: clients, gateways and workers in namespaces."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

import psutil
import pytest

from tests.chaos.harness import connected, until
from tests.chaos.namespaces import ENVIRONMENT, Network, Node
from tests.chaos.remote import Client
from tests.chaos.trainee import VALUES, WORK
from tests.integration.servers import PROGRAM, Server
from tests.places import BIN

pytestmark = [pytest.mark.chaos]

#: What a gateway may take in beyond what it can pass on, for one client; a link that is as quick as the other
#: fills no more of it.
WINDOW_BYTES: Final = 24 << 20


@dataclass(frozen=True, slots=True)
class Site:
    """A gateway and workers, each on a node of its own."""

    gateway: Server
    gateway_node: Node
    workers: Mapping[str, tuple[Server, Node]]

    @property
    def address(self) -> str:
        return self.gateway.address

    def told(self, subject: str) -> dict[str, Any]:
        """What `telegrad cluster` tells of status or sessions."""
        command = (str(BIN / "telegrad"), "cluster", subject, "--json", "--address", self.address)
        told: dict[str, Any] = json.loads(self.gateway_node.run(*command))
        return told

    def owners(self, session_id: str) -> list[str]:
        """The names of the workers where a session is, whoever made it."""
        key = session_id.partition(".")[2]
        placed = [one["session"]["session_id"] for one in self.told("sessions").get("sessions", ())]
        return [name for name, _, its in (session.partition(".") for session in placed) if its == key]


def server_on(node: Node, *arguments: str) -> Server:
    """A server that is to listen on a node."""
    return Server("-v", *arguments, program=node.inside(*PROGRAM), host=node.address, environment=ENVIRONMENT)


@contextmanager
def site(network: Network, *arguments: str, workers: int = 1) -> Iterator[Site]:
    """A gateway with so many workers.

    Args:
        network: where.
        arguments: of the workers.
        workers: how many.
    """
    nodes = [network.add(f"worker-{number}") for number in range(workers)]
    servers = [server_on(node, *arguments) for node in nodes]
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.__exit__)
            server.begin()
        for server in servers:
            server.ready()
        node = network.add("gateway")
        gateway = server_on(node, *(part for server in servers for part in ("--relay-to", server.address)))
        stack.enter_context(gateway)
        yield Site(
            gateway,
            node,
            {s.names[-1]: (s, node) for s, node in zip(servers, nodes, strict=True)},
        )


def test_row_19_a_cable_that_is_out_for_a_moment(network: Network, undisturbed: list[bytes]) -> None:
    here, there = network.add("client"), network.add("server")
    with server_on(there) as server, Client(here, server.address, pauses=[10]) as client:
        assert client.found().step == 10
        network.pull(here)
        client.go_on()
        Event().wait(1.0)
        network.plug(here)
        end = client.found()
    end.assert_unharmed(undisturbed)
    assert end.replayed == 0, "nothing was computed again"


@pytest.mark.slow
def test_row_19_a_partition_in_which_the_stream_is_given_up(
    network: Network, undisturbed: list[bytes]
) -> None:
    here = network.add("client")
    with site(network) as there, Client(here, there.address, pauses=[10, 20]) as client:
        before = client.found()
        network.pull(here)
        client.go_on()
        Event().wait(17.0)  # longer than both sides wait for a ping's answer
        network.plug(here)
        after = client.found()
        assert after.reconnects > before.reconnects
        assert there.owners(after.session_id) == [before.worker]
        client.go_on()
        end = client.found()
    end.assert_unharmed(undisturbed)
    assert end.replayed == 0, "nothing was computed again"


@pytest.mark.slow
def test_row_20_a_partition_longer_than_the_lease(network: Network, undisturbed: list[bytes]) -> None:
    nodes = [network.add("client"), network.add("forgetful")]
    nothing = {"TELEGRAD_JOURNAL_BYTES": "0"}
    with (
        site(network, "--lease-s", "1") as there,
        Client(nodes[0], there.address, pauses=[10]) as client,
        Client(nodes[1], there.address, pauses=[10], environment=nothing) as forgetful,
    ):
        ((worker, _),) = there.workers.values()
        sessions = [one.found().session_id for one in (client, forgetful)]
        for node in nodes:
            network.pull(node)
        for one in (client, forgetful):
            one.go_on()
        until(lambda: all(f"session {name} freed" in worker.said for name in sessions))
        (pulse,) = [one["pulse"] for one in there.told("status")["workers"]]
        assert int(pulse.get("held_bytes", 0)) == 0
        for node in nodes:
            network.plug(node)
        end, lost = client.found(), forgetful.found()
    end.assert_unharmed(undisturbed)
    assert end.replayed > 0, "its journal made it again"
    assert lost.error == "SessionExpiredError"


@pytest.mark.slow
def test_row_21_a_worker_that_is_cut_off_is_fenced(
    network: Network, undisturbed: list[bytes], tmp_path: Path
) -> None:
    here = network.add("client")
    arguments = ("--snapshots", str(tmp_path), "--snapshot-s", "3600", "--lease-s", "5")
    with (
        site(network, *arguments, workers=2) as there,
        Client(here, there.address, pauses=[10, 15, 20]) as client,
    ):
        before = client.found()
        old, node = there.workers[before.worker]
        network.pull(node)
        began = time.monotonic()
        client.go_on()
        during = client.found()
        print(f"from the cut to five steps on: {time.monotonic() - began:.2f} s")
        assert during.worker != before.worker, "another worker has taken it up"
        network.plug(node)
        until(lambda: f"session {before.session_id} freed" in old.said)
        if during.replayed:
            # It had stored nothing by then, tried when its own stream was given up, and learned.
            assert f"session {before.session_id} was taken up elsewhere" in old.said
        client.go_on()
        after = client.found()
        assert there.owners(after.session_id) == [during.worker] == [after.worker], "the old one has lost it"
        client.go_on()
        end = client.found()
    end.assert_unharmed(undisturbed)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("work", "slow"), [("upload", "worker-0"), ("download", "client")])
def test_row_22_a_slow_link_fills_no_memory(network: Network, work: str, slow: str) -> None:
    with connected("embedded"):
        undisturbed = WORK[work](lambda step: None)
    here = network.add("client")
    with site(network) as there, Client(here, there.address, work=work, pauses=[0]) as client:
        client.found()
        network.limit(network.nodes[slow], mbit=8)
        gateway = psutil.Process(there.gateway.pid)
        before = most = gateway.memory_info().rss
        began = time.monotonic()
        client.go_on()
        while not client.says_within(0.05):
            most = max(most, gateway.memory_info().rss)
        took_s = time.monotonic() - began
        end = client.found()
    print(
        f"{work}: {took_s:.0f} s for {8 * VALUES >> 20} MiB, the gateway grew by {(most - before) >> 20} MiB"
    )
    assert took_s > 8 * VALUES / 1e6, "the link was as slow as it should be"
    assert most - before < WINDOW_BYTES, "what cannot be sent is not taken in"
    end.assert_unharmed(undisturbed)
