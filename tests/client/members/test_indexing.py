"""Indexing reads and writes what NumPy's does, and what torch's does where the two differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad_proto.errors import GradientError

SHAPE = (4, 3, 5)


def random_key(rng: np.random.Generator, shape: tuple[int, ...], *, advanced: bool) -> tuple[Any, ...]:
    """A random index of some of the dimensions; at most one run of arrays, so that NumPy and torch agree."""
    items: list[Any] = []
    arrays = advanced
    for dim in shape[: rng.integers(0, len(shape) + 1)]:
        kind = rng.integers(0, 5 if arrays else 3)
        if kind == 0 and not (advanced and not arrays):
            items.append(int(rng.integers(-dim, dim)) if not advanced else slice(None))
        elif kind <= 2:
            start, stop = sorted(int(n) for n in rng.integers(-dim - 1, dim + 2, 2))
            items.append(slice(start, stop, int(rng.integers(1, 3))))
        else:
            items.append(rng.integers(-dim, dim, (3,)))
            arrays = False
        if rng.random() < 0.15:
            items.append(None)
    if rng.random() < 0.3:
        items.append(Ellipsis)
    return tuple(items)


def ours(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tg.tensor(item) if isinstance(item, np.ndarray) else item for item in key)


@pytest.mark.parametrize("advanced", [False, True], ids=["basic", "advanced"])
def test_reading_is_numpys(rng: np.random.Generator, advanced: bool) -> None:
    array = rng.standard_normal(SHAPE)
    x = tg.tensor(array)
    for _ in range(60):
        key = random_key(rng, SHAPE, advanced=advanced)
        np.testing.assert_array_equal(x[ours(key)].numpy(), array[key], err_msg=str(key))


@pytest.mark.parametrize("advanced", [False, True], ids=["basic", "advanced"])
def test_writing_is_numpys(rng: np.random.Generator, advanced: bool) -> None:
    for _ in range(40):
        array = rng.standard_normal(SHAPE)
        x = tg.tensor(array)
        key = random_key(rng, SHAPE, advanced=advanced)
        values = rng.standard_normal(array[key].shape)
        if advanced:
            # Of places named twice either value may stay; both get the same.
            values = np.full_like(values, 7.0)
        array[key] = values
        x[ours(key)] = tg.tensor(values) if rng.random() < 0.7 or not values.size else values.tolist()
        np.testing.assert_array_equal(x.numpy(), array, err_msg=str(key))


def test_gradients_of_reading_are_where_it_read(rng: np.random.Generator) -> None:
    for _ in range(20):
        key = random_key(rng, SHAPE, advanced=bool(rng.integers(2)))
        x = tg.tensor(np.zeros(SHAPE), requires_grad=True)
        x[ours(key)].sum().backward()
        expected = np.zeros(SHAPE)
        np.add.at(expected, key, 1.0)
        np.testing.assert_array_equal(x.grad.numpy(), expected, err_msg=str(key))


def test_the_graph_shows_one_node_for_what_takes_two_steps() -> None:
    x = tg.ones(2, 3, requires_grad=True)
    for y in (x[0], x[0, 1], x[:, None]):
        assert [end.variable is x for end, _ in y.grad_fn.next_functions] == [True]


def test_arrays_apart_from_each_other_go_first() -> None:
    x = tg.zeros(4, 3, 5)
    i = tg.tensor([0, 1])
    assert x[i, :, i].shape == (2, 3)
    assert x[:, i, i].shape == (4, 2)
    # An integer is taken first in torch, so the array stays where it was; NumPy would put it first.
    assert x[0, :, i].shape == (3, 2)


def test_masks_of_several_dimensions() -> None:
    x = tg.arange(6).reshape(2, 3)
    mask = tg.tensor([[True, False, True], [False, False, True]])
    assert x[mask].tolist() == [0, 2, 5]
    x[mask] = 9
    assert x.tolist() == [[9, 1, 9], [3, 4, 9]]
    y = tg.zeros(2, 3, 2)
    y[mask] = tg.tensor([1.0, 2.0])
    assert y[0].tolist() == [[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]]
    assert y[tg.tensor([False, True])].shape == (1, 3, 2)
    assert x[tg.tensor(True)].shape == (1, 2, 3)
    assert x[tg.tensor(False)].shape == (0, 2, 3)


def test_one_number_where_a_mask_is_true_needs_no_look(messages: Callable[[], int]) -> None:
    x = tg.arange(4.0)
    x[x > 1] = 0
    assert messages() == 0
    assert x.tolist() == [0.0, 1.0, 0.0, 0.0]
    assert messages() == 1


def test_indices_known_here_are_checked_here(messages: Callable[[], int]) -> None:
    x = tg.zeros(3)
    with pytest.raises(IndexError, match="index 3 is out of bounds for dimension 0 with size 3"):
        x[tg.tensor([0, 3])]
    with pytest.raises(IndexError, match="index -4 is out of bounds"):
        x[[-4]]
    assert messages() == 0


def test_other_objects_as_indices() -> None:
    x = tg.arange(5)
    assert x[np.int64(2)].item() == 2
    assert x[range(0, 5, 2)].tolist() == [0, 2, 4]
    assert x[np.array([True, False, True, False, False])].tolist() == [0, 2]
    assert x[tg.tensor(1) : tg.tensor(3)].tolist() == [1, 2]
    assert x[(1,)].item() == 1
    assert x[[slice(1, 3)]].tolist() == [1, 2]
    with pytest.raises(TypeError, match="slice indices must be integers"):
        x["a":]
    with pytest.raises(IndexError, match="only integers, slices"):
        x[{}]


def test_values_that_do_not_fit() -> None:
    x = tg.zeros(2, 3)
    with pytest.raises(RuntimeError, match="must match the existing size"):
        x[0] = tg.zeros(2)
    with pytest.raises(RuntimeError, match="shape mismatch: value tensor of shape"):
        x[[0, 1]] = tg.zeros(3, 3)
    with pytest.raises(TypeError, match="can't assign a str"):
        x[0] = "a"
    x[0] = tg.ones(1, 1, 3)
    assert x[0].tolist() == [1.0, 1.0, 1.0]


def test_a_number_in_a_tensor_selects_a_view() -> None:
    h = tg.zeros(3, 3)
    for k in tg.tensor([2, 0]):
        h[k][1] = 5
        h[k].add_(1)
    assert h.tolist() == [[1.0, 6.0, 1.0], [0.0, 0.0, 0.0], [1.0, 6.0, 1.0]]
    x, i = tg.ones(2, 3), tg.tensor(0, dtype=tg.int32)
    with tg.no_grad():
        x[i].add_(1)
        x[i, i].mul_(7)
        x[i, 1:].mul_(3)
    assert x.tolist() == [[14.0, 6.0, 6.0], [1.0, 1.0, 1.0]]
    leaf = tg.ones(3, requires_grad=True)
    with pytest.raises(GradientError, match="a view of a leaf"):
        leaf[tg.tensor(0)].add_(1)


def test_a_view_stays_where_it_was_when_its_index_is_written_to() -> None:
    x, i = tg.ones(3, requires_grad=True), tg.tensor(0)
    total = tg.tensor(0.0)
    for _ in range(3):
        total = total + x[i] * 2
        i += 1
    total.backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    x.grad = None
    w, i = x * 1, tg.tensor(0)
    part = w[i]
    i += 1
    w.mul_(5)
    part.mul_(2)
    i += 1
    (w * tg.arange(1.0, 4.0)).sum().backward()
    assert (w.tolist(), part.item()) == ([10.0, 5.0, 5.0], 10.0)
    assert x.grad.tolist() == [10.0, 10.0, 15.0]


def test_numbers_in_tensors_select_before_arrays_gather() -> None:
    x, zero, two = tg.arange(60.0).reshape(3, 4, 5), tg.tensor(0), tg.tensor([0, 1])
    assert x[tg.tensor(1), :, two].tolist() == [[20.0, 21.0], [25.0, 26.0], [30.0, 31.0], [35.0, 36.0]]
    assert x[zero, None, tg.tensor(1)].shape == (1, 5)
    assert x[two, tg.tensor(1), tg.tensor([0, 2])].tolist() == [5.0, 27.0]
    assert x[tg.tensor(-1), ..., tg.tensor(1)].tolist() == [41.0, 46.0, 51.0, 56.0]
    x[zero, :, two] = tg.arange(8.0).reshape(4, 2)
    assert x[0, 1].tolist() == [2.0, 3.0, 7.0, 8.0, 9.0]
    x[zero] = tg.tensor(3)  # an integer: a copy converts, as into every view
    assert x[0, 1].tolist() == [3.0, 3.0, 3.0, 3.0, 3.0]


def test_a_number_in_a_tensor_costs_no_message(messages: Callable[[], int]) -> None:
    x, i = tg.ones(4) * 2, tg.tensor(1) * 3
    before = messages()
    x[i].add_(1)
    x[i] = x[i] * 2
    assert messages() == before
    assert x.tolist() == [2.0, 2.0, 2.0, 6.0]


def test_views_by_numbers_inside_transformations() -> None:
    one = tg.tensor(1)

    def tripled(x: tg.Tensor) -> tg.Tensor:
        w = x * 2
        w[one].mul_(3)
        return w

    assert tg.func.grad(lambda x: tripled(x).sum())(tg.ones(3)).tolist() == [2.0, 6.0, 2.0]
    assert tg.func.vmap(tripled)(tg.arange(6.0).reshape(2, 3)).tolist() == [
        [0.0, 6.0, 4.0],
        [6.0, 24.0, 10.0],
    ]
    chosen = tg.func.vmap(lambda x, i: x[i], in_dims=(None, 0))(tg.arange(3.0), tg.tensor([2, 0]))
    assert chosen.tolist() == [2.0, 0.0]
    second = tg.func.hessian(lambda x: x[one] ** 2 * x[tg.tensor(0)])(tg.arange(1.0, 4.0))
    assert second.tolist() == [[0.0, 4.0, 0.0], [4.0, 2.0, 0.0], [0.0, 0.0, 0.0]]


def test_writing_at_false_writes_nothing() -> None:
    x = tg.tensor(1.5)
    x[False] = tg.tensor([1.0, 2.0])
    assert x.item() == 1.5
