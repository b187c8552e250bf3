"""A line of TCP that a test makes bad: silent, slow, late, losing what it carries, or cut."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from typing import Self

_BLOCK = 1 << 16


class Line:
    """Forwards connections to a server, in a thread of its own.

    Attributes:
        address: where clients connect.
        silent: while set, nothing gets through, and nothing is lost: it comes late.
        drop_up, drop_down: while set, what the client, or the server, says is lost.
        dropped: set when something was lost.
        refuse: while set, nobody is let in.
        delay_s: each block comes so much later, by chance between the two.
        bytes_per_s: no more gets through; 0: no bound.
        most_held: the most that was taken in and not yet handed on.
    """

    def __init__(self, target: str, seed: int = 0) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self.silent = self.drop_up = self.drop_down = self.refuse = False
        self.dropped = threading.Event()
        self.delay_s = (0.0, 0.0)
        self.bytes_per_s = 0
        self.most_held = 0
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._ready.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Breaks every connection; returns when that is done."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _cut(self) -> None:
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._listener)
        self._ready.set()
        await self._ended.wait()
        server.close()
        await self._cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        ends = [writer]
        try:
            if self.refuse:
                return
            from_server, to_server = await asyncio.open_connection(self._host, self._port)
            ends.append(to_server)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, to_server, up=True))
                group.create_task(self._carry(from_server, writer, up=False))
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass  # one end is gone, or the line was cut
        finally:
            for end in ends:
                end.transport.abort()
            self._connections.discard(connection)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        due = time.monotonic()
        while block := await reader.read(_BLOCK):
            self.most_held = max(self.most_held, len(block))
            if self.delay_s[1]:
                await asyncio.sleep(self._random.uniform(*self.delay_s))
            if self.bytes_per_s:
                due = max(due, time.monotonic()) + len(block) / self.bytes_per_s
                await asyncio.sleep(due - time.monotonic())
            while self.silent:
                await asyncio.sleep(0.02)
            if self.drop_up if up else self.drop_down:
                self.dropped.set()
                continue
            writer.write(block)
            await writer.drain()
        raise ConnectionResetError("one end is gone")
