"""A worker's health."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from telegrad_proto.channel import SERVICE
from tests.server.fakes import fake_worker, raw_channel

Response = health_pb2.HealthCheckResponse


def test_an_unknown_service_is_not_found() -> None:
    with fake_worker() as worker, raw_channel(worker.address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="other"))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_watcher_sees_the_worker_drain() -> None:
    with fake_worker() as worker, raw_channel(worker.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watch).status == Response.SERVING
        worker.server._health.drain()
        assert next(watch).status == Response.NOT_SERVING
        watch.cancel()
