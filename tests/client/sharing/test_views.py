"""Views have the strides that torch's have, and are views where torch's are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.sharing import views

CHAINS: dict[str, Callable[[Any], Any]] = {
    "whole": lambda x: x,
    "row": lambda x: x[1],
    "slice": lambda x: x[:, 1::2],
    "transpose": lambda x: x.transpose(0, 2),
    "slice of transpose": lambda x: x.permute(2, 0, 1)[1:, :, ::2],
    "view": lambda x: x.view(6, 4)[:, 1],
    "split": lambda x: x.view(2, 3, 2, 2).transpose(1, 3),
    "merge": lambda x: x.transpose(0, 1).transpose(0, 1).reshape(-1),
    "expand": lambda x: x[0, :, :1].expand(5, 3, 4),
    "newaxis": lambda x: x[:, None, 0],
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "merge of slice": lambda x: x[:, :, :2].reshape(6, 2),
    "flat of slice": lambda x: x[1:, 1:].reshape(-1),
    "empty": lambda x: x[:, 3:],
    "movedim": lambda x: x.movedim(0, -1),
    "unfold": lambda x: x.narrow(2, 1, 2),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CHAINS)
def test_strides_and_sharing_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    array = np.arange(24.0).reshape(2, 3, 4)
    mine, theirs = tg.tensor(array), torch.tensor(array)
    a, b = CHAINS[name](mine), CHAINS[name](theirs)
    assert tuple(a.shape) == tuple(b.shape)
    assert a.is_contiguous() == b.is_contiguous()
    if 0 not in a.shape:
        # How far apart a single element is from the next one, nobody can tell.
        steps = [(m, n) for m, n, dim in zip(a.stride(), b.stride(), b.shape, strict=True) if dim != 1]
        assert all(m == n for m, n in steps)
        assert a.storage_offset() == b.storage_offset()
    if name != "expand":
        a.fill_(-1)
        b.fill_(-1)
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_reshape_copies_where_memory_does_not_allow_a_view() -> None:
    x = tg.zeros(2, 3)
    x.t().reshape(-1).fill_(1)
    assert x.sum().item() == 0.0
    x.t().t().reshape(-1).fill_(1)
    assert x.sum().item() == 6.0
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        x.t().view(-1)


def test_contiguous_copies_only_what_is_not() -> None:
    x = tg.zeros(2, 3)
    assert x.contiguous() is x
    assert x[0].contiguous() is not x
    turned = x.t().contiguous()
    assert turned.is_contiguous()
    turned.fill_(1)
    assert x.sum().item() == 0.0


def test_complex_parts_are_views() -> None:
    z = tg.tensor([1 + 2j, 3 + 4j])
    views.real(z).mul_(10)
    views.imag(z)[1] = 0
    assert z.tolist() == [10 + 2j, 30 + 0j]
    pairs = views.as_real(z)
    pairs[0, 1] = 7
    assert z.tolist() == [10 + 7j, 30 + 0j]
    again = views.as_complex(pairs)
    again[1] = 1j
    assert z.tolist() == [10 + 7j, 1j]


def test_a_picked_diagonal_writes_through() -> None:
    x = tg.zeros(3, 3)
    views.pick(x, tg.tensor([0, 4, 8]), shape=(3,)).fill_(1)
    assert x.tolist() == tg.eye(3).tolist()
