"""Which nodes answer: Ray itself takes up to a minute to notice that one does not."""

from __future__ import annotations

import asyncio
from typing import Final

import ray
from ray.exceptions import RayError

from telegrad_server.api.probing import greets

_ASK_S: Final = 5.0


async def mute_nodes() -> list[str]:
    """The ids of nodes that Ray takes for alive and that greet nobody: a machine that hangs, or a raylet that
    was killed a moment ago. None where Ray itself does not answer.
    """
    try:
        known = await asyncio.wait_for(asyncio.to_thread(ray.nodes), _ASK_S)
    except (TimeoutError, RayError, ConnectionError):
        return []
    alive = [node for node in known if node["Alive"]]
    greeted = await asyncio.gather(
        *(greets(f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}") for node in alive)
    )
    return [node["NodeID"] for node, one in zip(alive, greeted, strict=True) if not one]
