"""What both sides know of jobs: ids, words for states and settings, which states are ends, what sums."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

from telegrad_proto.v1 import job_pb2

#: Sortable by the time of submission, and not to be guessed. No path leads out of a folder by such a name.
PATTERN: Final = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}")

#: The modes with one result.
SUMMED: Final = frozenset((job_pb2.JOB_MODE_SUM, job_pb2.JOB_MODE_MEAN))

#: The states that a job does not leave.
ENDED: Final = frozenset((job_pb2.JOB_STATE_FINISHED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED))


def _words(enum: Any, prefix: str) -> Mapping[str, Any]:
    """The values of an enum by users' words for them: JOB_MODE_PER_BATCH is "per_batch"."""
    return {
        name.removeprefix(prefix).lower(): value
        for name, value in enum.items()
        if not name.endswith("_UNSPECIFIED")
    }


STATES: Final[Mapping[str, job_pb2.JobState]] = _words(job_pb2.JobState, "JOB_STATE_")
MODES: Final[Mapping[str, job_pb2.JobMode]] = _words(job_pb2.JobMode, "JOB_MODE_")
ON_ERROR: Final[Mapping[str, job_pb2.OnError]] = _words(job_pb2.OnError, "ON_ERROR_")
FORMATS: Final[Mapping[str, job_pb2.ResultFormat]] = _words(job_pb2.ResultFormat, "RESULT_FORMAT_")


def new_job_id() -> str:
    """A job's id, chosen by who submits: a submission that is sent twice is one job."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(8)}"


def is_job_id(text: str) -> bool:
    """Whether the text is a job's id."""
    return PATTERN.fullmatch(text) is not None


def has_ended(status: job_pb2.JobStatus) -> bool:
    """Whether the job is at its end, whichever."""
    return status.state in ENDED


def state_word(state: job_pb2.JobState) -> str:
    """A state as users read it."""
    return job_pb2.JobState.Name(state).removeprefix("JOB_STATE_").lower()


def mode_word(mode: job_pb2.JobMode) -> str:
    """A mode as users write it."""
    return job_pb2.JobMode.Name(mode).removeprefix("JOB_MODE_").lower()
