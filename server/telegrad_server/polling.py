"""Which of gRPC's threads read the sockets of a standalone server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: gRPC reads it once, when it is imported.
VARIABLE: Final = "GRPC_EXPERIMENTS"

#: Without these a message is read and written by the thread that waits for it. With them it passes through
#: two more threads on its way, which costs a small round trip a fifth of its time.
_IN_PLACE: Final = "-event_engine_listener,-event_engine_for_all_other_endpoints"


@contextmanager
def reading_in_place() -> Iterator[None]:
    """Where gRPC is imported inside, the thread that serves calls reads the sockets itself.

    That thread needs the interpreter's lock in between, so while a single operator keeps the lock nobody
    answers pings. A gateway would take such a worker for a frozen one; a client only connects again. So this
    is for servers without a gateway. Who has set the variable is not overruled, and nobody inherits it.
    """
    if VARIABLE in os.environ:
        yield
        return
    os.environ[VARIABLE] = _IN_PLACE
    try:
        yield
    finally:
        del os.environ[VARIABLE]
