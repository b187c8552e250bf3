"""Failures on purpose in the midst of an evaluation."""

from __future__ import annotations

import threading

from telegrad_engine.runtime.executor import Interrupt
from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.form import expand
from telegrad_proto.v1 import session_pb2
from telegrad_server.failpoints import reach

_current = threading.local()


def announce_evaluation(fragment: session_pb2.Fragment) -> None:
    """This thread is about to evaluate the fragment."""
    _current.point = "mid_backward" if expand(fragment).backwards else "mid_forward"


class FailingGauge(Gauge):
    """A gauge that every evaluation passes when it has begun."""

    def _begin(self, interrupt: Interrupt) -> None:
        super()._begin(interrupt)
        try:
            reach(getattr(_current, "point", "mid_forward"))
        except BaseException:
            self._end(interrupt)
            raise
