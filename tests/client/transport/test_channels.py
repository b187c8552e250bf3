"""Channels of calls that belong to no session, and what every call carries along."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from telegrad.transport.channels import Channels, Metadata, metadata_of, open_channel, translate
from telegrad_proto.channel import REQUEST_ID_KEY, SESSION_KEY, TOKEN_KEY
from telegrad_proto.errors import AccessError, ServerUnavailableError, TelegradError
from telegrad_proto.v1.session_pb2_grpc import SessionStub
from telegrad_proto.v1.tensor_pb2 import MissingRequest
from tests.server.fakes import fake_worker

TOKEN = "a token of at least 16 characters"


@pytest.fixture
def channels() -> Iterator[Channels]:
    with Channels("127.0.0.1:1, 127.0.0.1:2", None) as channels:
        yield channels


def as_it_came(error: TelegradError, _: str) -> TelegradError:
    return error


def missing(channel: grpc.Channel, metadata: Metadata = ()) -> None:
    """Makes a call of the session's service."""
    SessionStub(channel).Missing(MissingRequest(), metadata=metadata)


def test_a_call_carries_what_there_is() -> None:
    assert [key for key, _ in metadata_of(None)] == [REQUEST_ID_KEY]
    carried = dict(metadata_of(TOKEN, "worker.1"))
    assert (carried[SESSION_KEY], carried[TOKEN_KEY]) == ("worker.1", f"Bearer {TOKEN}")
    assert metadata_of(None) != metadata_of(None), "each call has an id of its own"


def test_a_proxy_does_not_lead_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, dict[str, int | str]] = {}

    def opened(address: str, options: list[tuple[str, int | str]]) -> None:
        given[address] = dict(options)

    monkeypatch.setattr(grpc, "insecure_channel", opened)
    for address in ("127.0.0.1:1", "localhost:1", "[::1]:1", "elsewhere:1"):
        open_channel(address)
    unproxied = [address for address, options in given.items() if options.get("grpc.enable_http_proxy") == 0]
    assert unproxied == ["127.0.0.1:1", "localhost:1", "[::1]:1"]


def test_an_address_has_one_channel(channels: Channels) -> None:
    assert channels.addresses == ("127.0.0.1:1", "127.0.0.1:2")
    first, second = map(channels.to, channels.addresses)
    assert first is not second
    assert channels.to("127.0.0.1:1") is first
    channels.close()
    assert channels.to("127.0.0.1:1") is not first


def test_the_next_is_asked_where_one_is_out_of_reach(channels: Channels) -> None:
    def ask(channel: grpc.Channel) -> str:
        if channel is channels.to("127.0.0.1:1"):
            raise grpc.RpcError
        return "the second"

    assert channels.first(ask, told=as_it_came) == "the second"


def test_what_a_server_answers_is_the_answer_also_where_it_refuses() -> None:
    with fake_worker(token=TOKEN) as worker, Channels(f"{worker.address},127.0.0.1:1", None) as channels:

        def ask(channel: grpc.Channel) -> None:
            missing(channel, channels.metadata())

        def told(error: TelegradError, address: str) -> TelegradError:
            assert isinstance(error, AccessError)
            return AccessError(f"{address} says no")

        with pytest.raises(AccessError, match=f"{worker.address} says no"):
            channels.first(ask, told=told)


@pytest.mark.parametrize("address", ["", " ,", "127.0.0.1:1,127.0.0.1:2"])
def test_nobody_there_is_said(address: str) -> None:
    with Channels(address, None) as channels, pytest.raises(ServerUnavailableError):
        channels.first(missing, told=as_it_came)


def test_a_call_that_ended_here_is_a_lost_connection() -> None:
    assert isinstance(translate(grpc.FutureCancelledError()), ServerUnavailableError)
