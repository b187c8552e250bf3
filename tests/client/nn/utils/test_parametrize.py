"""Tensors that are computed each time they are read."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad import nn
from tests.client.nn.layers import numbers

parametrize = nn.utils.parametrize


class Symmetric(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x: Any) -> Any:
        return x.triu()


class Doubled(nn.Module):
    calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return 2 * x


class Summed(nn.Module):
    def forward(self, *parts: Any) -> Any:
        return sum(parts)

    def right_inverse(self, x: Any) -> list[Any]:
        return [x / 4, 3 * x / 4]


def layer() -> Any:
    made = nn.Linear(3, 3).double()
    with tg.no_grad():
        made.weight.copy_(tg.tensor(numbers(3, 3)))
    return made


def test_the_weight_is_computed_and_its_original_trained() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    upper = np.triu(numbers(3, 3))
    np.testing.assert_allclose(module.weight.detach().numpy(), upper + np.triu(upper, 1).T, rtol=1e-12)
    assert [name for name, _ in module.named_parameters()] == ["bias", "parametrizations.weight.original"]
    module(tg.ones(1, 3, dtype=tg.float64)).sum().backward()
    expected = [[1.0, 2.0, 2.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]
    assert module.parametrizations.weight.original.grad.tolist() == expected
    assert repr(module).startswith("ParametrizedLinear(\n  in_features=3")
    assert parametrize.is_parametrized(module)
    assert parametrize.is_parametrized(module, "weight")
    assert not parametrize.is_parametrized(module, "bias")
    assert parametrize.type_before_parametrizations(module) is nn.Linear


def test_what_is_assigned_is_taken_apart() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    module.weight = tg.ones(3, 3, dtype=tg.float64)
    assert module.parametrizations.weight.original.tolist() == np.triu(np.ones((3, 3))).tolist()
    assert module.weight.tolist() == np.ones((3, 3)).tolist()
    parametrize.register_parametrization(module, "weight", Doubled())
    with pytest.raises(RuntimeError, match="parametrization Doubled does not implement right_inverse"):
        module.weight = tg.ones(3, 3, dtype=tg.float64)


def test_functions_are_applied_one_to_the_others_result() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    before = module.weight.detach().numpy()
    parametrize.register_parametrization(module, "weight", Doubled())
    np.testing.assert_array_equal(module.weight.detach().numpy(), 2 * before)


def test_one_tensor_can_be_made_of_several() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Summed())
    np.testing.assert_allclose(module.weight.detach().numpy(), numbers(3, 3), rtol=1e-12)
    names = ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]
    assert list(module.state_dict()) == names
    assert all(p.requires_grad for p in module.parameters())
    module.weight = tg.zeros(3, 3, dtype=tg.float64)
    assert not module.weight.detach().any()
    with pytest.raises(ValueError, match="parametrized in terms of a sequence"):
        parametrize.remove_parametrizations(module, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(module, "weight")
    assert type(module) is nn.Linear
    assert isinstance(module.weight, nn.Parameter)


@pytest.mark.parametrize("leave", [True, False])
def test_a_parametrisation_can_be_removed(leave: bool) -> None:
    module = layer()
    weight = module.weight
    parametrize.register_parametrization(module, "weight", Symmetric())
    made = module.weight.detach().numpy()
    parametrize.remove_parametrizations(module, "weight", leave_parametrized=leave)
    assert type(module) is nn.Linear
    assert module.weight is weight
    expected = made if leave else np.triu(numbers(3, 3))
    np.testing.assert_array_equal(module.weight.detach().numpy(), expected)
    assert "parametrizations" not in dict(module.named_children())
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        parametrize.remove_parametrizations(module, "weight")


def test_buffers_can_be_parametrised() -> None:
    module: Any = nn.BatchNorm1d(3)
    parametrize.register_parametrization(module, "running_var", Doubled())
    assert module.running_var.tolist() == [2.0, 2.0, 2.0]
    assert "parametrizations.running_var.original" in dict(module.named_buffers())


def test_cached_computes_once() -> None:
    module = layer()
    doubled = Doubled()
    parametrize.register_parametrization(module, "weight", doubled)
    doubled.calls = 0
    with parametrize.cached():
        assert module.weight is module.weight
    assert doubled.calls == 1
    assert module.weight is not module.weight
    assert doubled.calls == 3


def test_copies_have_originals_of_their_own() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    other = copy.deepcopy(module)
    module.weight = tg.zeros(3, 3, dtype=tg.float64)
    np.testing.assert_array_equal(np.triu(other.weight.detach().numpy()), np.triu(numbers(3, 3)))
    assert parametrize.type_before_parametrizations(other) is nn.Linear


def test_parametrisations_can_be_handed_on() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    other = parametrize.transfer_parametrizations_and_params(module, nn.Linear(3, 3).double())
    assert other.parametrizations.weight.original is module.parametrizations.weight.original
    np.testing.assert_array_equal(other.weight.detach().numpy(), module.weight.detach().numpy())
    plain = nn.Linear(3, 3)
    assert parametrize.transfer_parametrizations_and_params(nn.Linear(3, 3), plain) is plain


class Shorter(nn.Module):
    def forward(self, x: Any) -> Any:
        return x[:1]


class Single(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.float()


def test_type_and_shape_stay_unless_told() -> None:
    with pytest.raises(ValueError, match="may not change the shape of the tensor, unless `unsafe`"):
        parametrize.register_parametrization(layer(), "weight", Shorter())
    with pytest.raises(ValueError, match="may not change the dtype of the tensor, unless `unsafe`"):
        parametrize.register_parametrization(layer(), "weight", Single())
    module = parametrize.register_parametrization(layer(), "weight", Shorter(), unsafe=True)
    assert module.weight.shape == (1, 3)
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    with pytest.raises(ValueError, match="may not change the shape of the tensor, unless the `unsafe`"):
        parametrize.register_parametrization(module, "weight", Shorter())
    with pytest.raises(ValueError, match="does not have a parameter, a buffer"):
        parametrize.register_parametrization(layer(), "weigth", Symmetric())
    with pytest.raises(ValueError, match="requires one or more modules"):
        parametrize.ParametrizationList([], tg.ones(1))


def test_only_the_state_is_saved() -> None:
    module = parametrize.register_parametrization(layer(), "weight", Symmetric())
    with pytest.raises(RuntimeError, match=r"only supported through state_dict\(\)"):
        copy.copy(module)
