"""Which nodes there are for workers, and which answer: Ray takes up to a minute to see that one does not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import ray
from ray.exceptions import RayError

from telegrad_server.api.probing import greets

_ASK_S: Final = 5.0

#: Memory in Ray's books for an actor that takes no CPU, in bytes: one that takes nothing at all Ray places
#: anywhere, whatever its strategy says.
TOKEN_BYTES: Final = 1


@dataclass(frozen=True, slots=True)
class Nodes:
    """Ids of nodes that Ray takes for alive.

    Attributes:
        fit: those that have what a worker takes, whether or not it is free.
        mute: those that greet nobody: a machine that hangs, or a raylet that was killed a moment ago.
    """

    fit: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()


async def look_around(kind: str) -> Nodes:
    """The nodes as they are now; none where Ray itself does not answer.

    Args:
        kind: what a worker takes one of, in Ray's books: "CPU" or "GPU".
    """
    try:
        known = await asyncio.wait_for(asyncio.to_thread(ray.nodes), _ASK_S)
    except (TimeoutError, RayError, ConnectionError):
        return Nodes()
    alive = [node for node in known if node["Alive"]]
    greeted = await asyncio.gather(
        *(greets(f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}") for node in alive)
    )
    return Nodes(
        fit=tuple(node["NodeID"] for node in alive if node["Resources"].get(kind, 0) >= 1),
        mute=tuple(node["NodeID"] for node, one in zip(alive, greeted, strict=True) if not one),
    )
