"""Workers at fixed addresses."""

from __future__ import annotations

import asyncio

from telegrad_server.gateway.fleet import Fleet, StaticFleet


def test_each_address_is_a_slot_of_its_own() -> None:
    fleet: Fleet = StaticFleet(["a:1", "b:2"])

    async def use() -> dict[str, str]:
        await fleet.replace("a:1")
        found = dict(await fleet.locate())
        await fleet.close()
        return found

    assert asyncio.run(use()) == {"a:1": "a:1", "b:2": "b:2"}
