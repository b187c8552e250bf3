"""Names of jobs: sortable, different, and no paths."""

from __future__ import annotations

import pytest

from telegrad_proto.job_ids import is_job_id, new_job_id


def test_names_differ_and_are_names() -> None:
    names = {new_job_id() for _ in range(100)}
    assert len(names) == 100
    assert all(map(is_job_id, names))


@pytest.mark.parametrize(
    "text", ["", "..", "a/b", "20260101T000000-" + "0" * 17, "20260101T000000-" + "0" * 16 + "\n"]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_job_id(text)
