"""Exactly once, as tables of fragments and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegrad_proto.errors import (
    FragmentChangedError,
    FragmentGapError,
    FragmentTooOldError,
    ProtocolError,
)
from telegrad_server.core.sequencing import Sequencer

APPLY = "apply"
Answer = str | type[ProtocolError]


def present(sequencer: Sequencer, seq: int, digest: str) -> Answer:
    """What becomes of a fragment: applied (its outcome is then `seq/digest`), answered, or refused."""
    try:
        recorded = sequencer.arrive(seq, digest.encode())
    except ProtocolError as error:
        return type(error)
    if recorded is not None:
        return recorded.decode()
    sequencer.record(digest.encode(), f"{seq}/{digest}".encode())
    return APPLY


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([(1, "a", APPLY), (2, "b", APPLY), (3, "c", APPLY)], id="in order"),
        pytest.param([(1, "a", APPLY), (1, "a", "1/a"), (1, "a", "1/a"), (2, "b", APPLY)], id="repeated"),
        pytest.param([(1, "a", APPLY), (2, "b", APPLY), (1, "a", "1/a"), (2, "b", "2/b")], id="resent"),
        pytest.param([(2, "b", FragmentGapError), (1, "a", APPLY), (2, "b", APPLY)], id="skipped"),
        pytest.param([(1, "a", APPLY), (3, "c", FragmentGapError), (2, "b", APPLY)], id="skipped later"),
        pytest.param([(1, "a", APPLY), (1, "x", FragmentChangedError), (2, "b", APPLY)], id="changed"),
        pytest.param([(0, "a", FragmentTooOldError), (1, "a", APPLY)], id="numbers start at 1"),
        pytest.param(
            [(i, "d", APPLY) for i in range(1, 6)] + [(2, "d", FragmentTooOldError), (3, "d", "3/d")],
            id="record dropped",
        ),
        pytest.param([(2**64 - 1, "a", FragmentGapError), (1, "a", APPLY)], id="far ahead"),
    ],
)
def test_fragments(events: Sequence[tuple[int, str, Answer]]) -> None:
    sequencer = Sequencer(window=3)
    assert [present(sequencer, seq, digest) for seq, digest, _ in events] == [e[2] for e in events]


def test_the_record_is_bounded_in_bytes_but_keeps_the_last_outcome() -> None:
    sequencer = Sequencer(window_bytes=10)
    for seq in range(1, 4):
        assert sequencer.arrive(seq, b"d") is None
        sequencer.record(b"d", bytes(6))
    assert sequencer.arrive(3, b"d") == bytes(6)
    with pytest.raises(FragmentTooOldError):
        sequencer.arrive(2, b"d")
    assert sequencer.arrive(4, b"d") is None
    sequencer.record(b"d", bytes(100))
    assert sequencer.arrive(4, b"d") == bytes(100)


def test_what_the_client_has_is_dropped() -> None:
    sequencer = Sequencer()
    for seq in range(1, 6):
        present(sequencer, seq, "d")
    sequencer.answered(3)
    assert present(sequencer, 3, "d") is FragmentTooOldError
    assert present(sequencer, 4, "d") == "4/d"
    sequencer.answered(99)  # more than there is
    assert present(sequencer, 5, "d") is FragmentTooOldError
    assert present(sequencer, 6, "d") == APPLY
    sequencer.answered(0)
    assert present(sequencer, 6, "d") == "6/d"


def test_the_words_name_both_numbers() -> None:
    with pytest.raises(FragmentGapError, match=r"fragment 7: requires fragment 1 first"):
        Sequencer().arrive(7, b"")


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab")), max_size=60))
def test_each_number_is_applied_once_and_in_order(events: list[tuple[int, str]]) -> None:
    sequencer = Sequencer(window=4)
    applied: list[tuple[int, str]] = []
    for seq, digest in events:
        answer = present(sequencer, seq, digest)
        if answer == APPLY:
            applied.append((seq, digest))
        elif isinstance(answer, str):
            assert (seq, digest) in applied, "only what was applied is answered from record"
    assert [seq for seq, _ in applied] == list(range(1, len(applied) + 1))
