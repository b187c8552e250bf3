"""Parameters and buffers whose shape nobody knows yet."""

from __future__ import annotations

import copy

import pytest

import telegrad as tg
from telegrad.nn.uninitialized import is_lazy

nn = tg.nn


def test_a_parameter_gets_its_shape_later() -> None:
    parameter = nn.UninitializedParameter(dtype=tg.float64)
    assert is_lazy(parameter)
    assert repr(parameter) == "<UninitializedParameter>"
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        _ = parameter.shape
    parameter.materialize((2, 3))
    assert type(parameter) is nn.Parameter
    assert parameter.shape == (2, 3)
    assert parameter.dtype is tg.float64
    assert parameter.requires_grad
    assert not is_lazy(parameter)


def test_a_buffer_becomes_a_tensor() -> None:
    buffer = nn.UninitializedBuffer()
    assert not buffer.requires_grad
    buffer.materialize((4,), dtype=tg.int64)
    assert type(buffer) is tg.Tensor
    assert buffer.dtype is tg.int64
    assert buffer.shape == (4,)


def test_copies_are_without_a_shape_too() -> None:
    parameter = nn.UninitializedParameter(requires_grad=False, dtype=tg.float16)
    one, same = copy.deepcopy([parameter, parameter])
    assert one is same
    assert is_lazy(one)
    assert one.dtype is tg.float16
    assert not one.requires_grad
