"""A transport on a fake worker, through a proxy that can cut the connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from telegrad.transport.grpc import GrpcTransport
from tests.client.transport.proxy import Proxy
from tests.server.fakes import FakeWorker, fake_worker


@pytest.fixture
def worker() -> Iterator[FakeWorker]:
    with fake_worker() as worker:
        yield worker


@pytest.fixture
def proxy(worker: FakeWorker) -> Iterator[Proxy]:
    with Proxy(worker.address) as proxy:
        yield proxy


@pytest.fixture
def transport(proxy: Proxy) -> Iterator[GrpcTransport]:
    transport = GrpcTransport(proxy.address, reconnect_s=10)
    transport.open()
    yield transport
    transport.close()
