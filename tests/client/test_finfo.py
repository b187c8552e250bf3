"""What the types' numbers can be."""

from __future__ import annotations

import pytest

import telegrad as tg


@pytest.mark.torch
@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_floating_types_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = tg.finfo(getattr(tg, name)), torch.finfo(getattr(torch, name))
    for what in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
        assert getattr(mine, what) == getattr(theirs, what)
    assert repr(mine) == repr(theirs)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["int8", "int16", "int32", "int64", "uint8"])
def test_integer_types_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = tg.iinfo(getattr(tg, name)), torch.iinfo(getattr(torch, name))
    for what in ("bits", "max", "min", "dtype"):
        assert getattr(mine, what) == getattr(theirs, what)
    assert repr(mine) == repr(theirs)


def test_the_wrong_kind_of_type() -> None:
    assert tg.finfo().dtype == "float32"
    assert tg.finfo(tg.complex128).dtype == "float64"
    with pytest.raises(TypeError, match=r"Use torch\.iinfo"):
        tg.finfo(tg.int32)
    with pytest.raises(TypeError, match=r"Use torch\.finfo"):
        tg.iinfo(tg.float32)
