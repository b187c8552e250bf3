"""gRPC's settings: the two sides must fit, or connections die of pings, or never notice a dead peer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import grpc

from telegrad_proto import channel
from telegrad_proto.limits import MAX_MESSAGE_BYTES

CLIENT = dict(channel.CHANNEL_OPTIONS)
SERVER = dict(channel.SERVER_OPTIONS)


def test_the_server_bears_the_pings_of_the_client() -> None:
    interval = SERVER["grpc.http2.min_ping_interval_without_data_ms"]
    assert int(interval) < int(CLIENT["grpc.keepalive_time_ms"])
    assert SERVER["grpc.keepalive_permit_without_calls"] == 1


def test_an_idle_stream_outlives_many_pings() -> None:
    """With the clocks of both sides ten times as fast: a server that minds pings ends the call after four."""

    def hurried(options: tuple[channel.Option, ...]) -> list[channel.Option]:
        fast = ("keepalive_time_ms", "min_ping_interval_without_data_ms")
        return [(name, int(v) // 10 if name.endswith(fast) else v) for name, v in options]

    ended = threading.Event()
    messages: SimpleQueue[bytes | None] = SimpleQueue()
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, options=hurried(channel.SERVER_OPTIONS))
        echo: Any = grpc.stream_stream_rpc_method_handler(lambda requests, _: requests)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo", {"Echo": echo}),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=hurried(channel.CHANNEL_OPTIONS)) as client:
            method: Any = client.stream_stream("/echo/Echo")
            call = method(iter(messages.get, None))
            messages.put(b"hello")
            assert next(call) == b"hello"
            call.add_callback(ended.set)
            assert not ended.wait(6), f"six pings ended it: {call.details()}"
            messages.put(b"again")
            assert next(call) == b"again"
            messages.put(None)
        server.stop(None).wait()


def test_both_sides_notice_a_frozen_peer() -> None:
    for options in (CLIENT, SERVER):
        # keepalive_timeout_ms alone lets a frozen process go unnoticed for a minute.
        assert options["grpc.http2.ping_timeout_ms"] == options["grpc.keepalive_timeout_ms"] == 5_000
        assert options["grpc.http2.max_pings_without_data"] == 0


def test_both_sides_bound_messages_alike() -> None:
    for options in (CLIENT, SERVER):
        assert options["grpc.max_receive_message_length"] == MAX_MESSAGE_BYTES
        assert options["grpc.max_send_message_length"] == MAX_MESSAGE_BYTES


def test_a_port_is_never_shared_and_nothing_is_retried_by_grpc() -> None:
    assert SERVER["grpc.so_reuseport"] == 0
    assert CLIENT["grpc.enable_retries"] == 0


def test_no_option_is_named_twice() -> None:
    for options in (channel.CHANNEL_OPTIONS, channel.SERVER_OPTIONS):
        assert len({name for name, _ in options}) == len(options)
