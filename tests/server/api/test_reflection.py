"""Reflection: there if asked for, else not."""

from __future__ import annotations

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from telegrad_proto.channel import PROGRAMS_SERVICE, SERVICE
from tests.server.fakes import fake_worker, raw_channel

LIST = reflection_pb2.ServerReflectionRequest(list_services="")
FILE = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)


def test_it_lists_the_services_and_their_messages() -> None:
    with fake_worker(reflection=True) as worker, raw_channel(worker.address) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        listed, described = stub.ServerReflectionInfo(iter([LIST, FILE]))
    assert {SERVICE, PROGRAMS_SERVICE} <= {service.name for service in listed.list_services_response.service}
    assert b"Fragment" in b"".join(described.file_descriptor_response.file_descriptor_proto)


def test_it_is_off_by_default() -> None:
    with fake_worker() as worker, raw_channel(worker.address) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.ServerReflectionInfo(iter([LIST])))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
