"""Parameters and buffers are tensors that share memory with what they are made of."""

from __future__ import annotations

import copy

import pytest

import telegrad as tg

nn = tg.nn


def test_a_parameter_is_a_tensor_that_is_trained() -> None:
    p = nn.Parameter(tg.tensor([1.0, 2.0]))
    assert isinstance(p, tg.Tensor)
    assert isinstance(p, nn.Parameter)
    assert not isinstance(p * 2, nn.Parameter)
    assert p.requires_grad
    assert p.is_leaf
    (p * p).sum().backward()
    assert p.grad.tolist() == [2.0, 4.0]


def test_it_shares_memory_with_its_data() -> None:
    data = tg.tensor([1.0, 2.0])
    p = nn.Parameter(data)
    data[0] = 5.0
    assert p.tolist() == [5.0, 2.0]
    with tg.no_grad():
        p.mul_(2)
    assert data.tolist() == [10.0, 4.0]
    assert not data.requires_grad


def test_two_parameters_of_one_tensor_get_gradients_of_their_own() -> None:
    data = tg.tensor([1.0])
    a, b = nn.Parameter(data), nn.Parameter(data)
    (2 * a + 3 * b).sum().backward()
    assert (a.grad.item(), b.grad.item()) == (2.0, 3.0)


def test_data_that_has_no_derivative_has_to_say_so() -> None:
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype"):
        nn.Parameter(tg.tensor([1, 2]))
    assert not nn.Parameter(tg.tensor([1, 2]), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)


def test_text_and_copies() -> None:
    p = nn.Parameter(tg.tensor([1.0, 2.0]))
    assert repr(p) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    (3 * p).sum().backward()
    memo: dict[int, object] = {}
    q = copy.deepcopy(p, memo)
    assert isinstance(q, nn.Parameter)
    assert q.grad.tolist() == [3.0, 3.0]
    assert copy.deepcopy(p, memo) is q
    with tg.no_grad():
        q.zero_()
    assert p.tolist() == [1.0, 2.0]


def test_a_buffer_knows_whether_it_is_saved() -> None:
    b = nn.Buffer(tg.tensor([1.0]), persistent=False)
    assert isinstance(b, tg.Tensor)
    assert not b.requires_grad
    assert not b.persistent
    memo: dict[int, object] = {}
    assert not copy.deepcopy(b, memo).persistent
    assert copy.deepcopy(b, memo) is memo[id(b)]


@pytest.mark.torch
def test_text_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    assert repr(nn.Parameter(tg.ones(2, 2))) == repr(torch.nn.Parameter(torch.ones(2, 2)))


def test_a_shallow_copy_shares_the_elements() -> None:
    x = tg.ones(2, requires_grad=True)
    for tensor in (x, x * 2, tg.nn.Parameter(tg.ones(2)), tg.nn.Buffer(tg.ones(2), persistent=False)):
        made = copy.copy(tensor)
        assert (type(made), made.is_leaf) == (type(tensor), True)
        assert made is not tensor
        assert made.requires_grad is tensor.requires_grad
        with tg.no_grad():
            made[0] = 5
        assert tensor[0].item() == 5
    assert not copy.copy(tg.nn.Buffer(tg.ones(2), persistent=False)).persistent
