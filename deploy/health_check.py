"""A container's probe: asks a server's health service whether it serves.

    python health_check.py host:port

Exit status 0 when it does. It needs no token, and takes no session.
"""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

TIMEOUT_S = 5.0


def main() -> None:
    with grpc.insecure_channel(sys.argv[1]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            raise SystemExit(f"{sys.argv[1]}: {error}") from None
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise SystemExit(f"{sys.argv[1]}: {health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}")


if __name__ == "__main__":
    main()
