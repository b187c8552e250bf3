"""Server reflection: anybody may list the messages. Off unless asked for; handy with grpcurl."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from telegrad_proto.channel import PROGRAMS_SERVICE, SERVICE


def add_reflection(server: grpc.Server | grpc.aio.Server) -> None:
    """Lets the server describe itself."""
    names = (SERVICE, PROGRAMS_SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
    # Looking the names up needs the messages in the default pool, where importing the stubs puts them.
    if isinstance(server, grpc.Server):
        reflection.enable_server_reflection(names, server)
    else:
        reflection.enable_server_reflection(names, server)
