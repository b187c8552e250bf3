"""Who may come in: a bearer token, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from telegrad_proto.channel import TOKEN_KEY
from telegrad_proto.errors import AccessError

_SCHEME = "Bearer "

#: Methods that anybody may call: a health check has no token, and learns nothing but "serving" and a count.
_OPEN = ("/grpc.health.v1.Health/",)


class Gate:
    """Decides whether a call may pass.

    Args:
        token: what callers must present; None lets everybody in. Only its hash is kept.
    """

    def __init__(self, token: str | None) -> None:
        self._digest = None if token is None else _digest(token)

    def refusal(self, method: str, metadata: Iterable[tuple[str, str | bytes]]) -> AccessError | None:
        """Why the call may not pass; None where it may."""
        if self._digest is None or method.startswith(_OPEN):
            return None
        presented = next((value for key, value in metadata if key == TOKEN_KEY), "")
        if not isinstance(presented, str) or not presented.startswith(_SCHEME):
            return AccessError("this server requires a token: give it as token=..., or in TELEGRAD_TOKEN")
        if not hmac.compare_digest(_digest(presented[len(_SCHEME) :]), self._digest):
            return AccessError("this server does not accept the token")
        return None


def _digest(token: str) -> bytes:
    # Equal lengths, whatever was presented: compare_digest would tell the length of the right one.
    return hashlib.sha256(token.encode()).digest()
