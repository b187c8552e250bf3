"""How much may be held: by a session, and by all of a process."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.plan.compiler import PlanCache
from telegrad_engine.runtime.backend import backend
from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.errors import OutOfMemoryError
from telegrad_proto.ir import Buffer, Ledger


def make(limit_bytes: int = 0, gauge: Gauge | None = None) -> Device:
    device = Device(backend(), PlanCache(), Ledger(), limit_bytes, gauge)
    if gauge is not None:
        gauge.watch(device.ledger)
    return device


def hold(device: Device, size: int) -> Buffer:
    return Buffer(np.zeros(size, np.uint8), size, device.ledger)


def test_without_a_bound_there_is_room_for_everything() -> None:
    device = make()
    assert device.room_bytes() is None
    device.check_room(2**60, "leaf")


def test_a_session_has_a_bound_of_its_own() -> None:
    device = make(100)
    held = hold(device, 60)
    assert device.room_bytes() == 40
    device.check_room(40, "leaf")
    with pytest.raises(OutOfMemoryError, match=r"put: the session may hold 100 .*, holds 60, needs 41 more"):
        device.check_room(41, "put")
    with pytest.raises(OutOfMemoryError, match="waits for 30, needs 20 more"):
        device.check_room(20, "put", 30)
    del held
    assert device.room_bytes() == 100


def test_sessions_have_a_bound_together() -> None:
    gauge = Gauge(100)
    one, two = make(0, gauge), make(80, gauge)
    held = hold(one, 70)
    assert (one.room_bytes(), two.room_bytes()) == (30, 30)
    with pytest.raises(OutOfMemoryError, match="may hold 100 bytes together, hold 70, and 31 more"):
        two.check_room(31, "leaf")
    del held
    assert two.room_bytes() == 80
