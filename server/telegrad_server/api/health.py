"""The health service, open to anybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from grpc_health.v1 import health, health_pb2

from telegrad_proto.channel import SERVICE

_SERVING = health_pb2.HealthCheckResponse.SERVING


class WorkerHealth(health.HealthServicer):  # type: ignore[misc]  # the package has no types
    """Health of a worker.

    Args:
        watchers: runs the answers to Watch calls, which would hold a thread of the server each.
    """

    def __init__(self, watchers: ThreadPoolExecutor) -> None:
        super().__init__(experimental_non_blocking=True, experimental_thread_pool=watchers)
        self.serve()

    def serve(self) -> None:
        """From now on: serving."""
        for name in ("", SERVICE):
            self.set(name, _SERVING)

    def drain(self) -> None:
        """From now on, and for good: not serving."""
        self.enter_graceful_shutdown()
