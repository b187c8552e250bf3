"""What both sides know of jobs."""

from __future__ import annotations

import pytest

from telegrad_proto.jobs import (
    ENDED,
    FORMATS,
    MODES,
    ON_ERROR,
    STATES,
    SUMMED,
    has_ended,
    is_job_id,
    mode_word,
    new_job_id,
    state_word,
)
from telegrad_proto.v1 import job_pb2


def test_ids_differ_and_are_ids() -> None:
    ids = {new_job_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(map(is_job_id, ids))


@pytest.mark.parametrize(
    "text", ["", "..", "a/b", "20260101T000000-" + "0" * 17, "20260101T000000-" + "0" * 16 + "\n"]
)
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_job_id(text)


def test_words_of_settings() -> None:
    assert list(MODES) == ["sum", "mean", "per_batch", "per_sample"]
    assert list(ON_ERROR) == ["fail", "skip", "collect"]
    assert list(FORMATS) == ["parquet", "npz"]
    assert list(STATES) == ["queued", "planning", "running", "finished", "failed", "cancelled"]


def test_a_word_leads_back() -> None:
    assert {mode_word(value): value for value in MODES.values()} == MODES
    assert {state_word(value): value for value in STATES.values()} == STATES
    assert state_word(job_pb2.JOB_STATE_UNSPECIFIED) == "unspecified"


def test_which_states_are_ends_and_which_modes_sum() -> None:
    assert [word for word, state in STATES.items() if state in ENDED] == ["finished", "failed", "cancelled"]
    assert [word for word, mode in MODES.items() if mode in SUMMED] == ["sum", "mean"]
    assert has_ended(job_pb2.JobStatus(state=job_pb2.JOB_STATE_CANCELLED))
    assert not has_ended(job_pb2.JobStatus())
