"""A bare gRPC server that does nothing but move bytes: the peer of uploads, downloads and round trips.

python -m tests.bench.bare     # serves in a process of its own, until its input ends
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import grpc
import numpy as np

from telegrad_proto.channel import CHANNEL_OPTIONS, SERVER_OPTIONS
from telegrad_proto.payload import chunks_of

ROOT: Final = Path(__file__).resolve().parents[2]
UPLOAD: Final = "/bare.Bytes/Upload"
DOWNLOAD: Final = "/bare.Bytes/Download"
ECHO: Final = "/bare.Bytes/Echo"


class Bytes(grpc.GenericRpcHandler):
    """Takes as many bytes as the first message announces; gives as many as are asked for; echoes."""

    def service(self, details: Any) -> Any:
        """The handler of a call."""
        if details.method == UPLOAD:
            return grpc.stream_unary_rpc_method_handler(self._take)
        if details.method == ECHO:
            return grpc.stream_stream_rpc_method_handler(lambda messages, _context: messages)
        return grpc.unary_stream_rpc_method_handler(self._give)

    def _take(self, messages: Iterator[bytes], _context: grpc.ServicerContext) -> bytes:
        return b"%d" % len(received(messages, int(next(messages))))

    def _give(self, request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from chunks_of(np.ones(int(request), np.uint8).data)


def received(messages: Iterator[bytes], size: int) -> memoryview:
    """The bytes of so many chunks, in one piece of memory."""
    target = memoryview(bytearray(size))
    at = 0
    for chunk in messages:
        target[at : at + len(chunk)] = chunk
        at += len(chunk)
    return target[:at]


@contextmanager
def bare_channel() -> Iterator[grpc.Channel]:
    """A channel to such a server in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bare"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=list(CHANNEL_OPTIONS)) as channel:
            yield channel
        # Leaving the outer block closes the server's input, and waits for its end.


def main() -> None:
    """Serves until the input ends; prints the port."""
    server = grpc.server(ThreadPoolExecutor(4), handlers=[Bytes()], options=list(SERVER_OPTIONS))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None).wait()


if __name__ == "__main__":
    main()
