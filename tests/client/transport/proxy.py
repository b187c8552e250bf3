"""A TCP proxy that loses what a test tells it to lose."""

from __future__ import annotations

import selectors
import socket
import threading
from typing import Self


class Proxy:
    """Forwards connections to a server.

    Attributes:
        address: where clients connect.
        target: the server's address.
        swallow_replies: while set, what the server says is lost on the way.
        swallowed: set when something was lost.
        refusing: while set, nobody is let in.
    """

    def __init__(self, target: str = "") -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.swallow_replies = False
        self.swallowed = threading.Event()
        self.refusing = False
        self._pairs: dict[socket.socket, tuple[socket.socket, bool]] = {}  # the other end; is this the server
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._cut = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="proxy")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._wake.send(b"x")
        self._thread.join()
        for end in (self._wake, self._woken, self._listener):
            end.close()
        self._selector.close()

    def cut(self) -> None:
        """Breaks every connection; returns when that is done."""
        self._cut.clear()
        self._wake.send(b"c")
        assert self._cut.wait(60)

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select():
                end = key.fileobj
                assert isinstance(end, socket.socket)
                if end is self._listener:
                    self._accept()
                elif end is self._woken:
                    self._woken.recv(1)
                    self._drop_all()
                    self._cut.set()
                elif end in self._pairs:
                    self._carry(end)
        self._drop_all()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self.refusing:
            client.close()
            return
        try:
            host, _, port = self.target.rpartition(":")
            server = socket.create_connection((host, int(port)))
        except OSError:
            client.close()
            return
        self._pairs[client], self._pairs[server] = (server, False), (client, True)
        for end in (client, server):
            self._selector.register(end, selectors.EVENT_READ)

    def _carry(self, end: socket.socket) -> None:
        other, from_server = self._pairs[end]
        try:
            data = end.recv(65536)
            if data and from_server and self.swallow_replies:
                self.swallowed.set()
                return
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        self._drop(end)
        self._drop(other)

    def _drop(self, end: socket.socket) -> None:
        del self._pairs[end]
        self._selector.unregister(end)
        end.close()

    def _drop_all(self) -> None:
        for end in list(self._pairs):
            self._drop(end)
