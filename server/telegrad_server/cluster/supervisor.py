"""The supervisor: a Ray actor that owns the workers of a cluster, whatever becomes of the gateways."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import closing
from typing import Any, Final, TypeVar

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from telegrad_server.cluster.hands import NAMESPACE, RayHands
from telegrad_server.cluster.nodes import TOKEN_BYTES
from telegrad_server.cluster.overseer import Overseer
from telegrad_server.core.supervision import Policy
from telegrad_server.worker.server import WorkerSettings

_T = TypeVar("_T")

SUPERVISOR: Final = "supervisor"


class SupervisorActor:
    """Runs an overseer in a thread of its own. Started again after its own death, it finds its workers.

    Args:
        policy: how many workers there should be.
        settings: how each of them serves.
        insecure: whether they may listen on an address that other machines reach, without a token.
    """

    def __init__(self, policy: Policy, settings: WorkerSettings, *, insecure: bool) -> None:
        logging.basicConfig(
            stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._overseer: Future[Overseer] = Future()
        hands = RayHands(settings, insecure=insecure)
        self._running = threading.Thread(
            target=self._live, args=(policy, hands, settings.token), name="telegrad-overseer", daemon=True
        )
        self._running.start()

    def places(self) -> dict[str, str]:
        """The addresses of the workers that sessions may be on, by name."""
        return self._ask(Overseer.places)

    def hurry(self) -> None:
        """Looks at all workers now."""
        self._ask(Overseer.hurry)

    def drain(self, name: str) -> bool:
        """Has a worker hand its sessions over; False where there is none of that name."""
        return self._ask(lambda overseer: overseer.drain(name))

    def status(self) -> bytes:
        """All that is known, as a serialized StatusReply."""
        return self._ask(lambda overseer: overseer.status().SerializeToString())

    def resize(self, policy: Policy) -> None:
        """There should be another number of workers."""
        self._ask(lambda overseer: overseer.core.resize(policy))

    def first(self, timeout_s: float) -> str | None:
        """None once a worker serves, else why none does; empty where it only takes long."""
        return self._await(self._overseer.result().first(timeout_s))

    def stop(self, grace_s: float) -> None:
        """Ends every worker, each in order within its grace."""
        self._await(self._overseer.result().stop(grace_s))
        self._loop.call_soon_threadsafe(self._over.set)
        self._running.join()

    def _live(self, policy: Policy, hands: RayHands, token: str | None) -> None:
        with closing(self._loop):
            self._loop.run_until_complete(self._run(policy, hands, token))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _run(self, policy: Policy, hands: RayHands, token: str | None) -> None:
        overseer = Overseer(policy, hands, token=token)
        overseer.adopt(await hands.find())
        self._overseer.set_result(overseer)
        await overseer.run()
        await self._over.wait()  # the loop is still needed to stop

    def _ask(self, question: Callable[[Overseer], _T]) -> _T:
        overseer = self._overseer.result()

        async def answer() -> _T:
            return question(overseer)

        return self._await(answer())

    def _await(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def start_supervisor(policy: Policy, settings: WorkerSettings, *, insecure: bool) -> Any:
    """The cluster's supervisor: made, or found by its name where another gateway had it made.

    It stands beside the gateway that has it made, so that a node with workers that is lost does not take it
    along. Ray starts it again if it dies, elsewhere if it has to, but repeats no call on it.
    """
    node_id = ray.get_runtime_context().get_node_id()
    return (
        ray.remote(SupervisorActor)
        .options(
            name=SUPERVISOR,
            namespace=NAMESPACE,
            get_if_exists=True,
            lifetime="detached",
            num_cpus=0,
            memory=TOKEN_BYTES,
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=8,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=True),
        )
        .remote(policy, settings, insecure=insecure)
    )
