"""Shape arithmetic, and torch's words for what does not fit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError, AxisError, LimitError, ShapeError

SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)


@given(SHAPES, SHAPES)
def test_broadcast_is_numpys(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ShapeError):
            shapes.broadcast(a, b)
    else:
        assert shapes.broadcast(a, b) == expected == shapes.broadcast_all([a, b, ()])


def test_broadcast_names_both_sizes_and_the_dimension() -> None:
    words = "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1"
    with pytest.raises(ShapeError, match=re.escape(words)) as caught:
        shapes.broadcast((2, 3), (4,))
    assert caught.value.details == {"a": (2, 3), "b": (4,)}
    assert isinstance(caught.value, RuntimeError)


@pytest.mark.torch
@pytest.mark.parametrize(("a", "b"), [((2, 3), (4,)), ((2, 1, 5), (3, 2, 4)), ((0,), (2,))])
def test_broadcast_speaks_as_torch(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    import torch

    with pytest.raises(RuntimeError) as theirs:
        torch.zeros(a) + torch.zeros(b)
    with pytest.raises(ShapeError) as ours:
        shapes.broadcast(a, b)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.torch
@pytest.mark.parametrize(("shape", "target"), [((2, 3), (4, 2, 5)), ((2, 3), (3,)), ((), (0,)), ((2,), (0,))])
def test_expanding_speaks_as_torch(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    import torch

    try:
        torch.zeros(shape).broadcast_to(target)
    except RuntimeError as error:
        with pytest.raises(ShapeError) as ours:
            shapes.check_expand(shape, target)
        words = str(error).replace(f"expand(torch.FloatTensor{{{list(shape)}}}, size={list(target)}): ", "")
        assert str(ours.value).lower() in words.lower() or "number of sizes" in words
    else:
        shapes.check_expand(shape, target)


def test_axes_count_from_both_ends() -> None:
    assert [shapes.normalize_axis(axis, 3) for axis in (-3, -1, 0, 2)] == [0, 2, 0, 2]
    assert shapes.normalize_axis(-1, 0) == shapes.normalize_axis(0, 0) == 0
    assert shapes.normalize_axes((-1, 0), 3) == (0, 2)
    words = "Dimension out of range (expected to be in range of [-2, 1], but got 2)"
    with pytest.raises(AxisError, match=re.escape(words)) as caught:
        shapes.normalize_axis(2, 2)
    assert isinstance(caught.value, IndexError)
    with pytest.raises(AxisError, match=re.escape("[-1, 0], but got 1")):
        shapes.normalize_axis(1, 0)
    with pytest.raises(ArgumentError, match="dim 1 appears multiple times in the list of dims"):
        shapes.normalize_axes((1, -1), 2)


@pytest.mark.parametrize("axes", [(-1,), (2,), (1, 0), (0, 0)])
def test_axes_of_the_wire_are_in_normal_form(axes: tuple[int, ...]) -> None:
    shapes.check_axes((0, 1), 2)
    shapes.check_axes((), 0)
    with pytest.raises(AxisError):
        shapes.check_axes(axes, 2)


def test_an_axis_of_the_wire_is_in_normal_form() -> None:
    shapes.check_axis(0, 0)
    shapes.check_axis(1, 2)
    for axis in (-1, 2):
        with pytest.raises(AxisError):
            shapes.check_axis(axis, 2)


def test_reduced_keeps_or_drops() -> None:
    assert shapes.reduced((2, 3, 4), (0, 2), True) == (1, 3, 1)
    assert shapes.reduced((2, 3, 4), (0, 2), False) == (3,)


@given(st.lists(st.integers(1, 4), max_size=4), st.data())
def test_reshape_finds_the_missing_dimension(dims: list[int], data: st.DataObject) -> None:
    shape = (*dims, 1)
    axis = data.draw(st.integers(0, len(shape) - 1))
    target = (*shape[:axis], -1, *shape[axis + 1 :])
    assert shapes.resolve_reshape(shape, target) == shape
    assert shapes.resolve_reshape(shape, shape) == shape


@pytest.mark.parametrize(
    ("shape", "target", "words"),
    [
        ((5,), (2, 3), "shape '[2, 3]' is invalid for input of size 5"),
        ((5,), (2, -1), "shape '[2, -1]' is invalid for input of size 5"),
        ((5,), (0, -1), "shape '[0, -1]' is invalid for input of size 5"),
        ((5,), (-1, -1), "only one dimension can be inferred"),
        ((5,), (-2,), "invalid shape dimension -2"),
        ((0,), (-1, 0), "cannot reshape tensor of 0 elements into shape [-1, 0] because the unspecified"),
    ],
)
def test_reshape_says_what_does_not_fit(shape: tuple[int, ...], target: tuple[int, ...], words: str) -> None:
    with pytest.raises(ShapeError, match=re.escape(words)):
        shapes.resolve_reshape(shape, target)


@given(st.integers(0, 30), st.integers(0, 5), st.integers(1, 4), st.integers(1, 3))
def test_windows_fit_and_no_more(dim: int, size: int, stride: int, dilation: int) -> None:
    count = shapes.window_count(dim, size, stride, dilation)
    span = shapes.window_span(size, dilation)
    if span > dim:
        assert count <= 0
    else:
        assert (count - 1) * stride + span <= dim < count * stride + span


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 5))
def test_slices_count_as_ranges_do(start: int, limit: int, stride: int) -> None:
    assert shapes.sliced_dim(start, limit, stride) == len(range(start, limit, stride))


@pytest.mark.parametrize(("axes", "expected"), [((0,), (7, 3, 4)), ((1, 2), (2, 7)), ((0, 2), (7, 3))])
def test_indexed_shapes_are_numpys(axes: tuple[int, ...], expected: tuple[int, ...]) -> None:
    index = np.zeros(7, int)
    keys = tuple(index if axis in axes else slice(None) for axis in range(3))
    assert shapes.indexed_shape((2, 3, 4), axes, (7,)) == expected == np.zeros((2, 3, 4))[keys].shape


def test_sizes_do_not_overflow() -> None:
    assert shapes.size_of((2, 0, 3)) == 0
    with pytest.raises(LimitError):
        shapes.size_of((2**40, 2**40))
    with pytest.raises(LimitError):
        shapes.size_of((0, 2**40, 2**40))
