"""What a tensor knows of itself without asking anybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import telegrad as tg
from telegrad.recording.session import Session
from telegrad.tensor import make, scalar_name


def test_shape_and_type_cost_nothing(messages: Callable[[], int]) -> None:
    x = tg.ones(2, 3).exp() @ tg.ones(3, 4)
    assert x.shape == (2, 4)
    assert (x.size(), x.size(0), x.size(-1)) == ((2, 4), 2, 4)
    assert (x.ndim, x.dim(), x.ndimension(), x.numel(), x.nelement(), len(x)) == (2, 2, 2, 8, 8, 2)
    assert (x.itemsize, x.element_size(), x.nbytes, x.dtype, x.layout) == (4, 4, 32, tg.float32, tg.strided)
    assert x.is_floating_point()
    assert not x.is_complex()
    assert x.is_signed()
    assert messages() == 0
    with pytest.raises(IndexError, match="Dimension out of range"):
        x.size(2)
    with pytest.raises(TypeError, match="0-d tensor"):
        len(tg.tensor(1))


def test_gradients_may_be_set() -> None:
    x = tg.ones(2, requires_grad=True)
    x.grad = tg.tensor([1.0, 2.0])
    (x * 3).sum().backward()
    assert x.grad.tolist() == [4.0, 5.0]
    del x.grad
    assert x.grad is None
    for wrong, message in (
        (tg.ones(3), r"a gradient of size '\[3\]' to a tensor of size '\[2\]'"),
        (tg.ones(2, dtype=tg.float64), "gradient with dtype 'Double' to a tensor with dtype 'Float'"),
        (x, "own grad"),
    ):
        with pytest.raises(RuntimeError, match=message):
            x.grad = wrong
    with pytest.raises(TypeError, match="expected to be a Tensor or None but got grad of type int"):
        x.grad = 1


def test_requires_grad_is_for_leaves_to_change() -> None:
    x = tg.ones(1)
    assert x.requires_grad_() is x
    y = x * 2
    assert (y.requires_grad, y.is_leaf, x.is_leaf) == (True, False, True)
    assert y.requires_grad_() is y
    with pytest.raises(RuntimeError, match="of leaf variables"):
        y.requires_grad = False
    x.requires_grad = False
    assert not (x * 2).requires_grad
    assert y.requires_grad


def test_any_attribute_may_be_set_and_unknown_ones_are_missed() -> None:
    x = tg.ones(1)
    x.note = "mine"
    assert x.note == "mine"
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'nothing_of_the_kind'"):
        x.nothing_of_the_kind
    assert hasattr(x, "softmax")


def test_versions_count_writes() -> None:
    x = tg.zeros(3)
    assert x._version == 0
    x.add_(1)
    view = x[:2]
    view.mul_(2)
    assert (x._version, view._version) == (2, 2)
    assert view._base is x
    assert x._base is None
    assert x.detach()._version == 2
    assert x.data._version == 0


def test_types_have_names() -> None:
    assert tg.ones(1).type() == "torch.FloatTensor"
    assert tg.ones(1).type(tg.float64).dtype is tg.float64
    assert tg.ones(1).type("torch.IntTensor").dtype is tg.int32
    assert tg.ones(1).type(tg.LongTensor).dtype is tg.int64
    assert scalar_name(tg.int64) == "Long"


def test_tensors_are_told_apart_by_identity() -> None:
    x = tg.ones(1)
    assert len({x, x, tg.ones(1)}) == 2
    assert {x: 1}[x] == 1


def test_make_shares_a_value(session: Session) -> None:
    x = tg.ones(2)
    twin = make(x._value)
    number = x._value.id
    del x
    assert number not in session.recorder.released
    assert twin.tolist() == [1.0, 1.0]


def test_gradients_of_computed_tensors_are_warned_about() -> None:
    y = tg.ones(1, requires_grad=True) * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed") as caught:
        assert y.grad is None
    assert caught[0].filename == __file__
    y.retain_grad()
    assert y.grad is None
