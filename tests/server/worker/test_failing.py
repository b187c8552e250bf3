"""Where an evaluation fails on purpose."""

from __future__ import annotations

import pytest

from telegrad_engine.runtime.executor import Interrupt
from telegrad_proto.v1 import session_pb2
from telegrad_server.worker import failing
from telegrad_server.worker.failing import FailingGauge, announce_evaluation


@pytest.mark.parametrize("backward", [True, False])
def test_an_evaluation_passes_its_place(backward: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[str] = []
    monkeypatch.setattr(failing, "reach", passed.append)
    fragment = session_pb2.Fragment(seq=1)
    if backward:
        fragment.backwards.add(roots=[1])
    announce_evaluation(fragment)
    gauge = FailingGauge()
    with gauge.evaluating(Interrupt()):
        assert passed == ["mid_backward" if backward else "mid_forward"]
