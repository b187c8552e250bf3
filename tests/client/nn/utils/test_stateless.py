"""The old place of `func.functional_call`."""

from __future__ import annotations

import pytest

import telegrad as tg


def test_it_is_the_new_one() -> None:
    layer = tg.nn.Linear(2, 1)
    given = {"weight": tg.tensor([[1.0, 2.0]]), "bias": tg.zeros(1)}
    with pytest.warns(FutureWarning, match=r"Please use `torch.func.functional_call`"):
        found = tg.nn.utils.stateless.functional_call(layer, given, tg.tensor([[3.0, 4.0]]))
    assert found.tolist() == [[11.0]]
