"""Wrong arguments raise the class that PyTorch raises, and say what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

import telegrad as tg

torch = pytest.importorskip("torch")

from tests.conformance.refusing import Refusal, allowed, refusals  # noqa: E402  # needs torch

# All wrong calls are made in one fixture: a loaded machine takes its time.
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(900)]

#: What is asked for; more is reached.
LEAST: Final = 0.97


@pytest.fixture(scope="module")
def found() -> Sequence[Refusal]:
    """What both modules said to every wrong call."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    tg.connect("embedded", progress=False)
    try:
        return list(refusals(tg))
    finally:
        torch.set_num_threads(threads)


def test_telegrad_raises_where_torch_raises(found: Sequence[Refusal]) -> None:
    share = sum(refusal.alike for refusal in found) / len(found)
    different = [f"{r.sample}: torch {r.theirs}; telegrad {r.mine}" for r in found if not r.alike]
    print(
        f"{share:.1%} of {len(found)} wrong calls raise the class that PyTorch raises", *different, sep="\n"
    )
    assert len(found) > 500
    assert share >= LEAST


def test_what_differs_is_known_and_has_a_reason(found: Sequence[Refusal]) -> None:
    assert {r.sample for r in found if not r.alike} == set(allowed())


def test_the_words_are_for_users(found: Sequence[Refusal]) -> None:
    stumbled = [f"{r.sample}: {r.mine}" for r in found if r.stumbled and "__rdiv__" not in r.sample]
    assert stumbled == []
    assert all(len(r.mine.partition(": ")[2]) > 15 for r in found if r.alike)
