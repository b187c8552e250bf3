"""torch's first spellings."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.autograd import Variable


def test_classes_make_tensors_of_their_type() -> None:
    assert tg.FloatTensor([[2, 3]]).tolist() == [[2.0, 3.0]]
    assert tg.DoubleTensor([1]).dtype is tg.float64
    assert tg.LongTensor([1.9]).tolist() == [1]
    assert tg.ByteTensor([1, 255]).dtype is tg.uint8
    assert tg.Tensor([2]).tolist() == [2.0]
    assert tg.Tensor(2, 3).shape == (2, 3)
    assert tg.Tensor().shape == (0,)
    assert tg.FloatTensor(2).shape == (2,)
    assert tg.Tensor((2, 3)).tolist() == [2.0, 3.0]
    tg.set_default_dtype(tg.float64)
    assert tg.Tensor([1]).dtype is tg.float64


def test_classes_tell_types() -> None:
    assert isinstance(tg.ones(1), tg.FloatTensor)
    assert not isinstance(tg.ones(1), tg.LongTensor)
    assert not isinstance(1.0, tg.FloatTensor)
    assert repr(tg.FloatTensor) == "<class 'torch.FloatTensor'>"
    assert isinstance(tg.ones(1), tg.Tensor)


def test_what_constructors_refuse() -> None:
    with pytest.raises(TypeError, match=r"new\(\): data must be a sequence"):
        tg.Tensor(1.5)
    with pytest.raises(TypeError, match="expected FloatTensor"):
        tg.FloatTensor(tg.ones(1, dtype=tg.int64))
    with pytest.raises(TypeError, match="unexpected keyword"):
        tg.Tensor([1], colour=2)
    for data in ("a", ["a"]):
        with pytest.raises(TypeError):
            tg.FloatTensor(data)


def test_variables_are_tensors() -> None:
    data = tg.Tensor([2])
    x = Variable(data, requires_grad=True)
    ((x + 2) ** 2 + 3).backward()
    assert x.grad.tolist() == [8.0]
    assert not data.requires_grad
    data.fill_(5)
    assert x.tolist() == [5.0]
    assert tg.autograd.Variable is tg.Variable
    with pytest.raises(TypeError, match="Variable data has to be a tensor, but got list"):
        Variable([1.0])
