"""What Ray reads from the environment when it is imported, set before that."""

from __future__ import annotations

import os
import secrets
from collections.abc import MutableMapping


def prepare(environment: MutableMapping[str, str] | None = None) -> None:
    """Gives a Ray that will be started here a token of its own; a Ray that is joined has its own ways.

    Left alone, Ray would write a token that everybody can read into the home folder.
    """
    variables = os.environ if environment is None else environment
    if variables.get("RAY_ADDRESS"):
        return
    if "RAY_AUTH_MODE" not in variables:
        variables["RAY_AUTH_MODE"] = "token"
        if "RAY_AUTH_TOKEN_PATH" not in variables:
            variables.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    variables.setdefault("RAY_USAGE_STATS_ENABLED", "0")
