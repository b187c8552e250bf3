"""Divergences of distributions of two kinds: beside torch, and by their definition."""

from __future__ import annotations

import itertools

import pytest

from tests.client.distributions.diverging import (
    BOUNDED,
    FAMILIES,
    PAIRS,
    assert_as_torch,
    assert_mean_log_ratio,
)

MINE = [pair for pair in PAIRS if not BOUNDED & set(pair)]


@pytest.mark.torch
@pytest.mark.parametrize(("p", "q"), MINE)
def test_as_torch(p: str, q: str) -> None:
    assert_as_torch(p, q)


@pytest.mark.torch
def test_every_pair_of_torch_is_there() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.distributions.kl._KL_REGISTRY
    for p, q in itertools.permutations(sorted(FAMILIES), 2):
        named = getattr(torch.distributions, p), getattr(torch.distributions, q)
        assert (named in theirs) == ((p, q) in PAIRS), (p, q)


@pytest.mark.parametrize(("p", "q"), MINE)
def test_by_definition(p: str, q: str) -> None:
    assert_mean_log_ratio(p, q)
