"""A program gives the same in three places, and outlives the server that it was called on."""

from __future__ import annotations

import threading
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import telegrad
from tests.integration.servers import Server
from tests.places import READY_S

pytestmark = pytest.mark.timeout(180)  # the first test on Ray starts it


def test_a_saved_program_is_called_spread_and_mapped(
    tg: ModuleType, rng: np.random.Generator, tmp_path: Path
) -> None:
    w, x = rng.standard_normal(4), rng.standard_normal((10, 4))
    made = tg.trace(lambda w, x: tg.sin(x * w).sum(), tg.spec((4,), "float64"), tg.spec((None, 4), "float64"))
    made.save(tmp_path / "waves.tgp")
    program = tg.load_program(tmp_path / "waves.tgp")
    for shards in (1, 3):
        value, gradient = program.value_and_grad(w, x, shards=shards)
        np.testing.assert_allclose(value.numpy(), np.sin(x * w).sum(), rtol=1e-12)
        np.testing.assert_allclose(gradient.numpy(), (np.cos(x * w) * x).sum(0), rtol=1e-12)
    values, rows = program.per_sample(w, x)
    np.testing.assert_allclose(values.numpy(), np.sin(x * w).sum(1), rtol=1e-12)
    np.testing.assert_allclose(rows.numpy(), np.cos(x * w) * x, rtol=1e-12)
    with pytest.raises(RuntimeError, match="w: requires"):
        program(w[:2], x)


@pytest.mark.slow
def test_a_call_waits_for_a_server_that_is_started_again() -> None:
    with Server() as server:
        telegrad.connect(server.address, progress=False)
        program = telegrad.trace(lambda x: (x**2).sum(), telegrad.spec((None,)))
        assert program([1.0, 2.0]).item() == 5.0
        server.kill()
        again = threading.Thread(target=server.start)
        again.start()
        assert program([1.0, 2.0, 3.0]).item() == 14.0
        again.join(READY_S)
        telegrad.disconnect()
