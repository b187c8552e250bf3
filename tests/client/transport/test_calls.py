from __future__ import annotations

from telegrad.transport.calls import Calls
from telegrad.transport.embedded import EmbeddedCalls
from telegrad.transport.remote import RemoteCalls


def test_both_ways_to_an_engine_call_programs() -> None:
    ways: list[Calls] = [EmbeddedCalls("cpu"), RemoteCalls("127.0.0.1:1")]
    for way in ways:
        way.close()
