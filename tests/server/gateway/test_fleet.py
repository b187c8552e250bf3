"""Workers at fixed addresses."""

from __future__ import annotations

import asyncio

from telegrad_server.gateway.fleet import Fleet, StaticFleet


def test_each_address_is_a_slot_of_its_own() -> None:
    fleet: Fleet = StaticFleet(["a:1", "b:2"])

    async def use() -> dict[str, str]:
        await fleet.hurry()
        found = dict(await fleet.locate())
        assert await fleet.status() is None
        assert not await fleet.drain("a:1"), "nobody would start a successor"
        await fleet.close()
        return found

    assert asyncio.run(use()) == {"a:1": "a:1", "b:2": "b:2"}
