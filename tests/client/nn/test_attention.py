"""Attention of many heads as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, alike, numbers

nn = tg.nn
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without bias": {"bias": False},
    "learned key and value": {"add_bias_kv": True},
    "zero key and value": {"add_zero_attn": True},
    "both": {"add_bias_kv": True, "add_zero_attn": True},
    "batch first": {"batch_first": True},
    "other features": {"kdim": 3, "vdim": 5},
    "other features without bias": {"kdim": 3, "bias": False, "batch_first": True},
}


def inputs(settings: dict[str, Any], *batch: int) -> list[np.ndarray]:
    sizes = {"q": (4, 6), "k": (5, settings.get("kdim", 6)), "v": (5, settings.get("vdim", 6))}
    shapes = [(*batch, n, e) if settings.get("batch_first") else (n, *batch, e) for n, e in sizes.values()]
    return [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]


@pytest.mark.torch
@pytest.mark.parametrize("call", [{}, {"need_weights": False}, {"average_attn_weights": False}])
@pytest.mark.parametrize("batch", [(), (3,)])
@pytest.mark.parametrize("name", SETTINGS)
def test_attention_is_that_of_torch(name: str, batch: tuple[int, ...], call: dict[str, Any]) -> None:
    settings = SETTINGS[name]
    agree(lambda nn: nn.MultiheadAttention(6, 2, **settings), *inputs(settings, *batch), **call)


MASKS: dict[str, Any] = {
    "bool": np.triu(np.ones((4, 5), dtype=bool), 2),
    "float": numbers(4, 5),
    "a head": np.random.default_rng(0).random((6, 4, 5)) < 0.3,
}
PADDING = np.array([[False] * 5, [False] * 3 + [True] * 2, [True] + [False] * 4])


@pytest.mark.torch
@pytest.mark.parametrize("settings", [{}, {"add_bias_kv": True, "add_zero_attn": True}])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("name", MASKS)
def test_masks_are_those_of_torch(
    name: str, padded: bool, need_weights: bool, settings: dict[str, Any]
) -> None:
    torch = pytest.importorskip("torch")
    mask = MASKS[name]
    mine, theirs = alike(lambda nn: nn.MultiheadAttention(6, 2, **settings))
    found = []
    for module, layer in ((tg, mine), (torch, theirs)):
        x = [module.tensor(a).requires_grad_() for a in inputs({}, 3)]
        padding = module.tensor(PADDING if mask.dtype == bool else np.where(PADDING, -1e30, 0.0))
        out, weights = layer(
            *x,
            attn_mask=module.tensor(mask),
            key_padding_mask=padding if padded else None,
            need_weights=need_weights,
        )
        out.sin().sum().backward()
        found.append([out.detach().numpy(), *(t.grad.numpy() for t in [*x, *layer.parameters()])])
        found[-1] += [weights.detach().numpy()] if need_weights else []
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-11)


def by_hand(layer: Any, x: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two heads of three features each, for a sequence without a batch."""
    weight, bias = layer.in_proj_weight.detach().numpy(), layer.in_proj_bias.detach().numpy()
    q, k, v = np.split(x @ weight.T + bias, 3, axis=1)
    found, shown = [], []
    for head in (slice(0, 3), slice(3, 6)):
        scores = np.where(hidden, -np.inf, q[:, head] @ k[:, head].T / np.sqrt(3))
        shares = np.exp(scores)
        shown.append(shares / shares.sum(axis=1, keepdims=True))
        found.append(shown[-1] @ v[:, head])
    out = layer.out_proj
    return np.hstack(found) @ out.weight.detach().numpy().T + out.bias.detach().numpy(), np.array(shown)


@pytest.mark.parametrize("batch_first", [True, False])
def test_the_formula(batch_first: bool) -> None:
    tg.manual_seed(2)
    layer = nn.MultiheadAttention(6, 2, batch_first=batch_first).double()
    x, hidden = numbers(4, 6), np.triu(np.ones((4, 4), dtype=bool), 1)
    expected, shares = by_hand(layer, x, hidden)
    given = tg.tensor(x).unsqueeze(0 if batch_first else 1)
    out, mean = layer(given, given, given, attn_mask=tg.tensor(hidden))
    np.testing.assert_allclose(out.detach().numpy().reshape(4, 6), expected, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(mean.detach().numpy()[0], shares.mean(axis=0), rtol=1e-10)
    causal, none = layer(given, given, given, attn_mask=tg.tensor(hidden), is_causal=True, need_weights=False)
    assert none is None
    np.testing.assert_allclose(causal.detach().numpy(), out.detach().numpy(), rtol=1e-10)
    _, each = layer(given, given, given, attn_mask=tg.tensor(hidden), average_attn_weights=False)
    np.testing.assert_allclose(each.detach().numpy()[0], shares, rtol=1e-10)


def test_dropout_is_in_training_only() -> None:
    layer = nn.MultiheadAttention(6, 2, dropout=1.0)
    x = tg.tensor(numbers(4, 6).astype(np.float32))
    np.testing.assert_array_equal(layer(x, x, x)[0].detach().numpy(), np.zeros((4, 6)))
    assert layer.eval()(x, x, x)[0].detach().abs().sum().item() > 0


def test_parameters_start_as_in_torch() -> None:
    tg.manual_seed(0)
    layer = nn.MultiheadAttention(60, 3, add_bias_kv=True)
    bound = (6 / (60 + 180)) ** 0.5
    values = layer.in_proj_weight.detach().numpy()
    assert np.abs(values).max() <= bound
    assert abs(values.std() - bound / 3**0.5) < 0.01 * bound
    assert layer.in_proj_bias.detach().abs().sum().item() == 0
    assert layer.out_proj.bias.detach().abs().sum().item() == 0
    assert 0 < layer.bias_k.detach().numpy().std() < 1


def test_what_makes_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="must be greater than 0, got embed_dim=0 and num_heads=2"):
        nn.MultiheadAttention(0, 2)
    with pytest.raises(AssertionError, match="must be divisible by num_heads"):
        nn.MultiheadAttention(5, 2)


def test_merged_masks() -> None:
    layer = nn.MultiheadAttention(6, 2)
    query, square, padding = tg.ones(3, 4, 6), tg.ones(4, 4), tg.ones(3, 4)
    assert layer.merge_masks(None, None, query) == (None, None)
    assert layer.merge_masks(None, padding, query)[1] == 1
    merged, kind = layer.merge_masks(square, padding, query)
    assert kind == 2
    assert merged.shape == (3, 2, 4, 4)
    assert merged.detach().numpy().min() == 2.0
    assert layer.merge_masks(tg.ones(6, 4, 4), None, query)[0].shape == (3, 2, 4, 4)
