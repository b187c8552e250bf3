"""Names of jobs, chosen by who submits: a submission that is sent twice is one job."""

from __future__ import annotations

import re
import secrets
import time
from typing import Final

#: Sortable by the time of submission, and not to be guessed. No path leads out of a folder by such a name.
PATTERN: Final = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}")


def new_job_id() -> str:
    """A job's name."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(8)}"


def is_job_id(text: str) -> bool:
    """Whether the text is a job's name."""
    return PATTERN.fullmatch(text) is not None
