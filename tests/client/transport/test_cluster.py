"""A gateway asked: the first that answers does."""

from __future__ import annotations

import pytest

from telegrad.transport.cluster import ClusterChannel
from telegrad_proto.errors import AccessError, ArgumentError, ServerUnavailableError, VersionError
from tests.places import serving
from tests.server.fakes import fake_worker

TOKEN = "a token of at least 16 characters"


def test_the_next_address_is_tried_and_the_token_presented(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cluster") / "token"
    path.write_text(TOKEN)
    with (
        fake_worker(token=TOKEN) as worker,
        serving("--relay-to", worker.address, "--token-file", str(path)) as (address, _),
    ):
        channel = ClusterChannel(f"127.0.0.1:1, {address}", TOKEN)
        assert [w.worker for w in channel.status().workers] == [worker.address]
        assert list(channel.sessions().sessions) == []
        with pytest.raises(ArgumentError, match="no worker is called"):
            channel.drain("worker-9")
        with pytest.raises(AccessError):
            ClusterChannel(address, None).status()
        with pytest.raises(VersionError, match="single worker"):
            ClusterChannel(worker.address, TOKEN).status()
        assert channel.drain(worker.address) == 0


@pytest.mark.parametrize("address", ["", "127.0.0.1:1,127.0.0.1:2"])
def test_nobody_there_is_said(address: str) -> None:
    with pytest.raises(ServerUnavailableError):
        ClusterChannel(address, None).status()
