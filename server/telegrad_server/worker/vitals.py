"""What a worker tells of itself: its heartbeat, and the list of its sessions."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final

from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.v1 import cluster_pb2
from telegrad_server.worker.host import SessionHost
from telegrad_server.worker.watchdog import Watchdog


class Vitals:
    """Answers for a worker; safe to use from any thread.

    Args:
        sessions: the worker's.
        gauge: what they do and hold together.
        watchdog: how long operators run.
        device: where values live.
        end: hands the sessions over and ends the worker, given the seconds that it may take; called once.
    """

    def __init__(
        self,
        sessions: SessionHost,
        gauge: Gauge,
        watchdog: Watchdog,
        *,
        device: str,
        end: Callable[[float], object],
    ) -> None:
        self._sessions = sessions
        self._gauge = gauge
        self._watchdog = watchdog
        self._device = device
        self._end = end
        self._lock = threading.Lock()
        self._leaving = False
        self._began: Final = time.monotonic()

    def pulse(self) -> cluster_pb2.Pulse:
        """How the worker is."""
        sessions, gauge = self._sessions, self._gauge
        living = sessions.living()
        return cluster_pb2.Pulse(
            name=sessions.name,
            serving=not (sessions.draining or self._leaving),
            sessions=len(sessions),
            capacity=sessions.capacity,
            held_bytes=gauge.held_bytes,
            limit_bytes=gauge.limit_bytes,
            running=gauge.running,
            busy_s=gauge.busy_s,
            stalled_s=self._watchdog.stalled_s(),
            device=self._device,
            pid=os.getpid(),
            uptime_s=time.monotonic() - self._began,
            streams=sum(attached for _, attached in living),
        )

    def listing(self) -> list[cluster_pb2.SessionInfo]:
        """The sessions that live here."""
        return [
            cluster_pb2.SessionInfo(
                session_id=session.session_id,
                attached=attached,
                applied_seq=session.applied_seq,
                held_bytes=session.held_bytes,
                running_seq=session.running_seq,
            )
            for session, attached in self._sessions.living()
        ]

    def leave(self, grace_s: float) -> None:
        """Begins to hand the sessions over, in a thread of its own; a second time it does nothing."""
        with self._lock:
            if self._leaving:
                return
            self._leaving = True
        threading.Thread(target=self._end, args=(grace_s,), name="telegrad-leave").start()
