"""A module on several devices, of which there is one."""

from __future__ import annotations

import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn


def test_it_is_the_module() -> None:
    inner = nn.Linear(2, 3)
    wrapped = nn.DataParallel(inner, device_ids=[0, 1])
    x = tg.ones(4, 2)
    assert wrapped(input=x).tolist() == inner(x).tolist()
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    assert wrapped.module is inner
    assert nn.parallel.DataParallel is nn.DataParallel
    wrapped.eval()
    assert not inner.training


@pytest.mark.torch
def test_it_is_that_of_torch() -> None:
    agree(lambda nn: nn.DataParallel(nn.Linear(3, 2)), numbers(4, 3))
