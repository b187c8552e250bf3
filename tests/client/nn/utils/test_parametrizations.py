"""Parametrisations that torch has ready."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import Make, agree, alike, numbers

nn = tg.nn
ready = nn.utils.parametrizations


def utils(module: Any) -> Any:
    """The parametrisations beside a `nn` namespace."""
    return module.utils.parametrizations


LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "weight norm": (lambda nn: utils(nn).weight_norm(nn.Linear(3, 4)), (2, 3)),
    "weight norm of all": (lambda nn: utils(nn).weight_norm(nn.Linear(3, 4), dim=None), (2, 3)),
    "weight norm of columns": (lambda nn: utils(nn).weight_norm(nn.Conv1d(3, 4, 2), dim=1), (2, 3, 5)),
    "spectral norm": (lambda nn: utils(nn).spectral_norm(nn.Linear(3, 4)), (2, 3)),
    "spectral norm of a transpose": (
        lambda nn: utils(nn).spectral_norm(nn.ConvTranspose1d(3, 4, 2), n_power_iterations=2),
        (2, 3, 5),
    ),
    "spectral norm of a vector": (lambda nn: utils(nn).spectral_norm(nn.Linear(3, 4), "bias"), (2, 3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str, train: bool) -> None:
    make, shape = LAYERS[name]
    agree(make, numbers(*shape), train=train, steps=2)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_weights_are_those_of_torch(kind: str, shape: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")

    def make(nn: Any) -> Any:
        return utils(nn).orthogonal(nn.Linear(*shape), orthogonal_map=kind)

    mine, theirs = alike(make)
    with torch.no_grad():
        for module, layer in ((tg, mine), (torch, theirs)):
            original = layer.parametrizations.weight.original
            original.data = original.detach() * 2 + module.tensor(0.1 * numbers(*shape[::-1]))
    found = []
    for layer in (mine, theirs):
        layer.weight.cos().sum().backward()
        found.append((layer.weight.detach().numpy(), layer.parametrizations.weight.original.grad.numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_weights_are_orthogonal(kind: str, shape: tuple[int, int]) -> None:
    tg.manual_seed(1)
    layer = ready.orthogonal(nn.Linear(*shape).double(), orthogonal_map=kind)
    with tg.no_grad():
        layer.parametrizations.weight.original.add_(tg.tensor(0.3 * numbers(*shape[::-1])).tril(-1))
    weight = layer.weight.detach().numpy()
    small = weight.T @ weight if shape[0] <= shape[1] else weight @ weight.T
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-12)


def test_an_orthogonal_weight_starts_as_it_was() -> None:
    square = np.linalg.qr(numbers(4, 4))[0]
    layer = nn.Linear(4, 4).double()
    with tg.no_grad():
        layer.weight.copy_(tg.tensor(square))
    ready.orthogonal(layer)
    np.testing.assert_allclose(abs(layer.weight.detach().numpy()), abs(square), atol=1e-12)
    layer.weight = tg.tensor(square.T.copy())
    np.testing.assert_allclose(abs(layer.weight.detach().numpy()), abs(square.T), atol=1e-12)


def test_without_a_base_nothing_can_be_assigned() -> None:
    layer = ready.orthogonal(nn.Linear(3, 3), use_trivialization=False)
    with pytest.raises(NotImplementedError, match="not possible to assign"):
        layer.weight = tg.eye(3)
    with pytest.raises(ValueError, match="Expected a matrix or batch of matrices of shape"):
        ready.orthogonal(nn.Linear(3, 3)).weight = tg.eye(2)
    with pytest.raises(ValueError, match="needs use_trivialization=True"):
        ready.orthogonal(nn.Linear(3, 2), use_trivialization=False)


def test_a_spectral_norm_is_1() -> None:
    layer = nn.Linear(4, 4).double()
    with tg.no_grad():
        layer.weight.copy_(tg.tensor(np.linalg.qr(numbers(4, 4))[0] * [3.0, 1.0, 0.5, 0.1]))
    ready.spectral_norm(layer, n_power_iterations=5)
    largest = np.linalg.norm(layer.weight.detach().numpy(), 2)
    assert abs(largest - 1) < 1e-8
    layer.eval()
    before = layer.parametrizations.weight[0]._u.tolist()
    layer(tg.ones(1, 4, dtype=tg.float64))
    assert layer.parametrizations.weight[0]._u.tolist() == before


def test_a_weight_norm_takes_in_what_the_older_one_saved() -> None:
    old = nn.Linear(3, 4)
    with pytest.warns(FutureWarning, match="deprecated"):
        nn.utils.weight_norm(old)
    new = ready.weight_norm(nn.Linear(3, 4))
    new.load_state_dict(old.state_dict())
    x = tg.ones(1, 3)
    np.testing.assert_allclose(new(x).detach().numpy(), old(x).detach().numpy(), rtol=1e-6)


REFUSED: dict[str, tuple[Any, str]] = {
    "no weight": (lambda: ready.spectral_norm(nn.ReLU()), "has no parameter or buffer with name 'weight'"),
    "no steps": (lambda: ready.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), "to be positive"),
    "no matrix": (lambda: ready.orthogonal(nn.Linear(2, 2), "bias"), "Got a tensor of 1 dimensions"),
    "no map": (lambda: ready.orthogonal(nn.Linear(2, 2), orthogonal_map="qr"), "has to be one of"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name: str) -> None:
    call, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        call()


def test_dimensions_that_are_not_there_are_refused() -> None:
    with pytest.raises(IndexError, match="Dimension out of range"):
        ready.spectral_norm(nn.Linear(2, 2), dim=2)
