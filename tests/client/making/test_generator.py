"""Generators: seeds, states, independence."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.making.generator import Generator


def test_generators_are_apart_from_each_other() -> None:
    a, b = tg.Generator().manual_seed(1), Generator().manual_seed(1)
    tg.manual_seed(5)
    expected = tg.rand(2).tolist()
    tg.manual_seed(5)
    tg.rand(2, generator=a)
    assert tg.rand(2).tolist() == expected
    a.manual_seed(1)
    assert tg.randn(3, generator=a).tolist() == tg.randn(3, generator=b).tolist()


def test_a_state_can_be_gone_back_to() -> None:
    tg.manual_seed(3)
    tg.rand(1)
    state = tg.get_rng_state()
    first = tg.rand(4).tolist()
    tg.set_rng_state(state)
    assert tg.rand(4).tolist() == first
    with pytest.raises(ValueError, match="16 bytes"):
        tg.set_rng_state(tg.zeros(3))


def test_what_is_no_generator_is_refused() -> None:
    for draw in (tg.rand, tg.randn, tg.randperm):
        with pytest.raises(TypeError, match=r"requires a torch\.Generator, got int"):
            draw(2, generator=3)
    with pytest.raises(TypeError, match="got str"):
        tg.multinomial(tg.ones(3), 1, generator="numbers")


def test_seeds() -> None:
    assert tg.manual_seed(7) is tg.default_generator
    assert tg.initial_seed() == 7
    assert str(tg.Generator().device) == "cpu"
    assert tg.seed() != 7
    assert tg.manual_seed(-1).initial_seed() == 2**64 - 1
    with pytest.raises(ValueError, match="Overflow"):
        tg.manual_seed(2**64)
    assert tg.manual_seed(2.0).initial_seed() == 2
    for wrong in ("a", 2.0, True):
        with pytest.raises(RuntimeError, match=f"expected a long, but got {type(wrong).__name__}"):
            Generator().manual_seed(wrong)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        Generator("cuda")


def test_a_fork_leaves_no_trace() -> None:
    tg.manual_seed(11)
    with tg.random.fork_rng():
        inside = tg.rand(2).tolist()
        tg.manual_seed(1)
    assert tg.rand(2).tolist() == inside
    with tg.random.fork_rng(enabled=False):
        tg.rand(1)
    tg.manual_seed(11)
    tg.rand(2), tg.rand(1)
    after = tg.rand(2).tolist()
    assert after != inside
