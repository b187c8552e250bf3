"""The contract of telegrad: what client and server must agree on, with no kernel in it."""

from __future__ import annotations

__version__ = "0.1.0"

#: Grows by one when a message's meaning changes in a way that an older peer would misread.
PROTOCOL = 2
