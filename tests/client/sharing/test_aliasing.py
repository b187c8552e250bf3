"""Tensors that share a storage follow it."""

from __future__ import annotations

import telegrad as tg
from telegrad.sharing.aliasing import alias_of, detach, follow, grad_mode, view


def test_a_storage_is_made_for_its_first_tensor() -> None:
    x = tg.ones(3)
    alias = alias_of(x)
    assert alias.owner
    assert alias_of(x) is alias
    twin = detach(x)
    assert twin._alias is not None
    assert twin._alias.storage is alias.storage
    assert not twin._alias.owner


def test_values_are_made_again_only_after_a_write() -> None:
    x = tg.arange(4.0)
    part = view(x, "slice", ((1,), (3,), (1,)))
    before = part._value
    assert part._refresh() is before
    x.add_(1)
    assert part._value is before
    assert part._refresh() is not before
    assert part.tolist() == [2.0, 3.0]


def test_recipes_start_at_the_base_as_autograd_sees_it() -> None:
    x = tg.zeros(2, 3)
    part = x[0].detach()[1:]
    assert part._alias is not None
    assert part._alias.base is not None
    assert part._base is not x
    whole = detach(part)
    assert whole._alias is not None
    assert follow(x, whole._alias.steps).shape == (2,)
    part.fill_(4)
    assert x.tolist() == [[0.0, 4.0, 4.0], [0.0, 0.0, 0.0]]


def test_gradient_mode_for_a_few_records() -> None:
    x = tg.ones(1, requires_grad=True)
    with grad_mode(False):
        assert not (x * 2).requires_grad
        with grad_mode(True):
            assert (x * 2).requires_grad
    assert tg.is_grad_enabled()


def test_one_row_of_an_expanded_tensor_may_be_written() -> None:
    x = tg.zeros(2, 3)
    row = x.expand(4, 2, 3)[1]
    row.add_(5)
    assert x.tolist() == [[5.0] * 3] * 2
    wide = tg.zeros(1).expand(3)
    wide.fill_(2)
    assert wide.tolist() == [2.0, 2.0, 2.0]
