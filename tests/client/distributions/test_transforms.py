"""The module with torch's name has torch's names."""

from __future__ import annotations

import pytest

import telegrad as tg


@pytest.mark.torch
def test_names() -> None:
    torch = pytest.importorskip("torch")
    assert sorted(tg.distributions.transforms.__all__) == sorted(torch.distributions.transforms.__all__)
    for name in tg.distributions.transforms.__all__:
        assert getattr(tg.distributions, name) is getattr(tg.distributions.transforms, name)


def test_they_are_there() -> None:
    assert tg.distributions.transforms.ExpTransform is tg.distributions.ExpTransform
