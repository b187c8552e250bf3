"""Workers looked after without Ray: real gRPC services, started and ended in this process.

All in one event loop: gRPC's asyncio side bears no second one in a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from telegrad_server.cluster.overseer import Overseer
from telegrad_server.core import supervision
from telegrad_server.core.supervision import Policy
from tests.server.fakes import Hands


async def until(overseer: Overseer, holds: Callable[[], bool]) -> None:
    """Returns when it holds, looked at after each round."""
    async with asyncio.timeout(60):
        while not holds():
            overseer.hurry()
            await asyncio.sleep(0.01)


def states(overseer: Overseer) -> dict[str, str]:
    return {w.worker: w.state for w in overseer.status().workers}


async def story() -> None:
    hands = Hands()
    overseer = Overseer(Policy(1, 1, 1, grace_s=5.0), hands)
    running = asyncio.ensure_future(overseer.run())
    assert await overseer.first(60.0) is None
    await until(overseer, lambda: states(overseer) == {"worker-0": "ready", "worker-1": "spare"})
    assert hands.spares == ["worker-1"]
    assert overseer.places() == {"worker-0": hands.workers["worker-0"].address}

    # One ends: the spare takes its place.
    hands.end("worker-0")
    await until(overseer, lambda: states(overseer) == {"worker-1": "ready", "worker-2": "spare"})
    status = overseer.status()
    assert (status.replaced, status.reason) == (1, "worker-0 ended")
    assert list(overseer.places()) == ["worker-1"]

    # One is drained: it hands over, and is gone.
    assert not overseer.drain("worker-9")
    assert overseer.drain("worker-1")
    assert states(overseer)["worker-1"] == "draining"
    await until(overseer, lambda: states(overseer) == {"worker-2": "ready", "worker-3": "spare"})
    assert "worker-1" not in hands.workers

    # No other can be started: that is said, and what lives goes on.
    hands.broken = True
    hands.end("worker-3")
    await until(overseer, lambda: overseer.status().failed_starts > 1)
    assert overseer.status().reason.endswith("did not start: RuntimeError: no CuPy here")
    assert states(overseer)["worker-2"] == "ready"

    await overseer.stop(5.0)
    await running
    assert hands.workers == {}


async def beginning() -> None:
    broken = Hands()
    broken.broken = True
    overseer = Overseer(Policy(1, 1), broken)
    running = asyncio.ensure_future(overseer.run())
    assert str(await overseer.first(60.0)).endswith("did not start: RuntimeError: no CuPy here")
    await overseer.stop(1.0)
    await running
    assert await Overseer(Policy(1, 1), Hands()).first(0.01) == "", "nothing is known"

    # A supervisor that was started again finds who is there: nobody is started anew.
    hands = Hands()
    found = [(name, await hands.start(name, spare=False)) for name in ("worker-3", "worker-5")]
    again = Overseer(Policy(1, 1, 1), hands)
    again.adopt(found)
    running = asyncio.ensure_future(again.run())
    await until(again, lambda: states(again) == {"worker-3": "ready", "worker-5": "spare"})
    await again.stop(5.0)
    await running


def test_the_life_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "STABLE_S", 0.0)

    async def both() -> None:
        await story()
        await beginning()

    asyncio.run(both())
