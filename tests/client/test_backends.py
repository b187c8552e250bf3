"""Settings of libraries that are not there are noted."""

from __future__ import annotations

import telegrad as tg


def test_settings_are_noted() -> None:
    before = tg.backends.cudnn.deterministic, tg.backends.cuda.matmul.allow_tf32
    assert before == (False, False)
    try:
        tg.backends.cudnn.deterministic = True
        tg.backends.cuda.matmul.allow_tf32 = True
        assert tg.backends.cudnn.deterministic
        assert tg.backends.cuda.matmul.allow_tf32
        assert not tg.backends.cudnn.benchmark
    finally:
        tg.backends.cudnn.deterministic, tg.backends.cuda.matmul.allow_tf32 = before


def test_nothing_is_available() -> None:
    assert not tg.backends.mps.is_available()
    assert not tg.backends.mps.is_built()
    assert not tg.backends.cudnn.is_available()
