"""The health service: open to anybody, and to a gateway it also says who answers and how busy it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2

from telegrad_proto.channel import CAPACITY_KEY, SERVICE, SESSIONS_KEY, WORKER_KEY
from telegrad_server.api.ports import Sessions

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class WorkerHealth(health.HealthServicer):  # type: ignore[misc]  # the package has no types
    """Health of a worker.

    Args:
        sessions: whose number and room are told in the trailing metadata.
        watchers: runs the answers to Watch calls, which would hold a thread of the server each.
    """

    def __init__(self, sessions: Sessions, watchers: ThreadPoolExecutor) -> None:
        super().__init__(experimental_non_blocking=True, experimental_thread_pool=watchers)
        self._sessions = sessions
        self.serve()

    def serve(self) -> None:
        """From now on: serving."""
        for name in ("", SERVICE):
            self.set(name, _SERVING)

    def drain(self) -> None:
        """From now on, and for good: not serving."""
        self.enter_graceful_shutdown()

    def Check(  # gRPC's name
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        context.set_trailing_metadata(
            (
                (WORKER_KEY, self._sessions.name),
                (SESSIONS_KEY, str(len(self._sessions))),
                (CAPACITY_KEY, str(self._sessions.capacity)),
            )
        )
        return super().Check(request, context)
