"""The peer of a round trip: a bare gRPC server that sends every message back, in a process of its own."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from telegrad_proto.channel import CHANNEL_OPTIONS, SERVER_OPTIONS

METHOD = "/echo.Echo/Attach"


class Echo:
    """An open bidirectional stream; a call sends bytes and waits for them."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        stream: Any = self._channel.stream_stream(METHOD)
        self._replies = stream(iter(self._requests.get, None))

    def __call__(self, payload: bytes) -> bytes:
        self._requests.put(payload)
        reply: bytes = next(self._replies)
        return reply

    def close(self) -> None:
        self._requests.put(None)
        self._channel.close()


@contextmanager
def echo() -> Iterator[Echo]:
    """A stream to an echo server that lives as long as the block."""
    command = [sys.executable, "-m", "tests.bench.echo"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        stream = Echo(f"127.0.0.1:{process.stdout.readline().strip()}")
        try:
            yield stream
        finally:
            stream.close()
            process.communicate()  # closes its input, which ends it


def main() -> None:
    """Serves until the input is closed."""
    pool = ThreadPoolExecutor(4)
    server = grpc.server(pool, options=SERVER_OPTIONS)
    handler = grpc.stream_stream_rpc_method_handler(lambda requests, context: requests)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", {"Attach": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None).wait()
    pool.shutdown()


if __name__ == "__main__":
    main()
