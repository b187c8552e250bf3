"""Tensors inside `vmap`: what they look like, and what is recorded for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad import _primitives as p
from telegrad.autograd.mode import MODE
from telegrad.recording.batching import (
    BatchedValue,
    Level,
    apart,
    batch_of,
    carries,
    enter,
    example,
    innermost,
    leave,
    level_of,
    own_key,
    refuse,
    repeated,
    require_room,
    whole_of,
)


@pytest.fixture
def level() -> Iterator[Level]:
    made = enter(3, "error")
    yield made
    leave(made)


@pytest.fixture
def whole(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(3, 2)))


def test_an_example_has_the_shape_of_one(level: Level, whole: Any) -> None:
    x = example(whole, level)
    assert x.shape == (2,)
    assert level_of(x) is level is innermost([whole, x])
    assert level_of(whole) is innermost([whole]) is None
    found, carried = batch_of(x, level)
    assert carried
    assert found._value is whole._value
    assert batch_of(whole, level) == (whole, False)


def test_its_text_shows_the_batch(level: Level) -> None:
    x = example(tg.tensor([1.0, 2.0, 3.0]), level)
    assert repr(x) == "BatchedTensor(lvl=1, bdim=0, value=\ntensor([1., 2., 3.])\n)"


def test_what_is_recorded_are_whole_batches(level: Level, whole: Any) -> None:
    x = example(whole, level)
    y = p.sum(p.mul(x, tg.ones(2, dtype=tg.float64)), axes=(0,), keepdims=False)
    assert isinstance(y._value, BatchedValue)
    assert y.shape == ()
    np.testing.assert_allclose(whole_of(y, level).numpy(), whole.numpy().sum(1))
    values, order = p.sort(x, axis=0, descending=False, stable=True)
    np.testing.assert_array_equal(whole_of(values, level).numpy(), np.sort(whole.numpy()))
    assert order.dtype is tg.int64


def test_what_is_the_same_for_all_is_repeated(level: Level) -> None:
    assert whole_of(tg.ones(2), level).shape == (3, 2)
    assert repeated(tg.ones(2), 5).shape == (5, 2)


def test_the_graph_is_that_of_the_whole(level: Level, whole: Any) -> None:
    leaf = whole.clone().requires_grad_()
    x = example(leaf, level)
    assert x.requires_grad
    y = whole_of(x.sin().detach() * x, level)
    leave_alone = whole_of(x.detach(), level)
    assert not leave_alone.requires_grad
    y.sum().backward()
    np.testing.assert_allclose(leaf.grad.numpy(), np.sin(whole.numpy()))


def test_levels_end_in_order() -> None:
    outer = enter(2, "same")
    inner = enter(3, "same")
    assert (outer.depth, inner.depth) == (0, 1)
    assert list(MODE.levels) == [outer, inner]
    x = example(example(tg.zeros(2, 3, 4), outer), inner)
    assert x.shape == (4,)
    assert level_of(x) is inner
    leave(inner)
    with pytest.raises(RuntimeError, match="outside of the vmap"):
        x + 1
    leave(outer)
    assert not MODE.levels


def test_keys_are_as_the_levels_say(level: Level) -> None:
    key = tg.tensor([1, 2], dtype=tg.uint64)
    with pytest.raises(RuntimeError, match="randomness error mode"):
        own_key(key)
    level.randomness = "same"
    assert own_key(key) is key
    level.randomness = "different"
    drawn = p.random_normal(own_key(key), shape=(2,), dtype=tg.float64)
    assert drawn.shape == (2,)
    assert np.unique(whole_of(drawn, level).numpy()).size == 6
    assert np.unique(whole_of(p.random_gamma(own_key(key), tg.ones(2)), level).numpy()).size == 6


def test_what_differs_needs_room(level: Level, whole: Any) -> None:
    inner = enter(2, "same")
    x = example(whole, level)
    assert carries(x, level)
    assert not carries(x, inner)
    require_room(x, whole[0])
    require_room(x, x)
    with pytest.raises(RuntimeError, match="one for all of them"):
        require_room(p.identity(whole), x)
    leave(inner)


def test_a_tensor_apart_has_room(level: Level, whole: Any) -> None:
    inner = enter(2, "same")
    x = example(example(tg.stack([whole, whole], 1), level), inner)
    y = apart(tg.zeros(2), x)
    assert carries(y, level)
    assert carries(y, inner)
    require_room(y, x)
    assert apart(y, x) is y
    plain = tg.zeros(2)
    assert apart(plain, plain) is plain
    leave(inner)


def test_refusing_what_is_inside(level: Level, whole: Any) -> None:
    refuse([whole], "never raised")
    with pytest.raises(RuntimeError, match="not inside"):
        refuse([example(whole, level)], "not inside")
