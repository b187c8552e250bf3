"""The seam: both transports are transports."""

from __future__ import annotations

from telegrad.transport.base import Traffic, Transport
from telegrad.transport.embedded import EmbeddedTransport
from telegrad.transport.grpc import GrpcTransport


def test_both_transports_fit() -> None:
    transports: list[Transport] = [EmbeddedTransport(), GrpcTransport("127.0.0.1:1")]
    assert [transport.address for transport in transports] == ["embedded", "127.0.0.1:1"]
    for transport in transports:
        assert transport.traffic == Traffic()
        transport.close()
        transport.close()
