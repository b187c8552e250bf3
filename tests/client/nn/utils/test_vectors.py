"""Parameters as one vector."""

from __future__ import annotations

import pytest

import telegrad as tg

nn = tg.nn


def test_parameters_make_a_vector_and_take_one() -> None:
    net = nn.Linear(2, 1)
    with tg.no_grad():
        net.weight.copy_(tg.tensor([[1.0, 2.0]]))
        net.bias.fill_(3.0)
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.tolist() == [1.0, 2.0, 3.0]
    assert vector.requires_grad
    nn.utils.vector_to_parameters(2 * vector, net.parameters())
    assert net.weight.tolist() == [[2.0, 4.0]]
    assert net.bias.tolist() == [6.0]
    net(tg.ones(2)).backward()
    assert net.weight.grad.tolist() == [[1.0, 1.0]]


def test_the_vector_is_a_tensor() -> None:
    with pytest.raises(TypeError, match=r"expected torch.Tensor, but got: list"):
        nn.utils.vector_to_parameters([1.0], [])
