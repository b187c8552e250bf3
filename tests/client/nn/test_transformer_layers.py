"""The layers of transformers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "norms first": {"norm_first": True},
    "gelu, batch first": {"activation": "gelu", "batch_first": True},
    "without bias": {"bias": False, "layer_norm_eps": 1e-3},
}


@pytest.mark.torch
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", SETTINGS)
def test_encoder_layers_are_those_of_torch(name: str, train: bool) -> None:
    settings = SETTINGS[name]
    for shape in ((4, 3, 6), (4, 6)):
        agree(
            lambda nn: nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, **settings),
            numbers(*shape),
            train=train,
        )


@pytest.mark.torch
@pytest.mark.parametrize("name", SETTINGS)
def test_decoder_layers_are_those_of_torch(name: str) -> None:
    settings = SETTINGS[name]
    batch, steps = (1, 0) if settings.get("batch_first") else (0, 1)
    shapes = [[4, 4, 6], [5, 5, 6]]
    for shape in shapes:
        shape[steps if batch else 1] = 3
        shape.sort(key=lambda n: (n == 6, (n != 3) if batch else (n == 3)))
    agree(
        lambda nn: nn.TransformerDecoderLayer(6, 2, 8, dropout=0.0, **settings),
        *(numbers(*shape) for shape in shapes),
    )


@pytest.mark.torch
def test_an_activation_can_be_a_layer() -> None:
    agree(lambda nn: nn.TransformerEncoderLayer(6, 2, 8, 0.0, nn.Tanh()), numbers(4, 3, 6))


@pytest.mark.torch
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("padded", [True, False])
def test_masks_reach_the_attentions(causal: bool, padded: bool) -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.TransformerDecoderLayer(6, 2, 8, 0.0).double()
    mine = nn.TransformerDecoderLayer(6, 2, 8, 0.0).double()
    mine.load_state_dict(theirs.state_dict())
    padding = np.array([[False] * 4, [False] * 3 + [True]])
    found = []
    for module, layer in ((tg, mine), (torch, theirs)):
        square = module.nn.Transformer.generate_square_subsequent_mask(4, dtype=module.float64)
        hidden = module.tensor(np.where(padding, -1e30, 0.0)) if padded else None
        out = layer(
            module.tensor(numbers(4, 2, 6)),
            module.tensor(numbers(4, 2, 6, seed=1)),
            tgt_mask=square,
            memory_mask=square,
            tgt_key_padding_mask=hidden,
            memory_key_padding_mask=hidden,
            tgt_is_causal=causal,
            memory_is_causal=causal,
        )
        found.append(out.detach().numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


def norm(x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("first", [True, False])
def test_blocks_are_added_to_their_inputs(first: bool) -> None:
    layer = nn.TransformerEncoderLayer(6, 2, 8, 0.0, norm_first=first).double()
    x = tg.tensor(numbers(4, 6))

    def attend(a: np.ndarray) -> np.ndarray:
        given = tg.tensor(a)
        return layer.self_attn(given, given, given)[0].detach().numpy()

    def network(a: np.ndarray) -> np.ndarray:
        return layer.linear2(layer.linear1(tg.tensor(a)).relu()).detach().numpy()

    expected = x.numpy()
    for block in (attend, network):
        expected = expected + block(norm(expected)) if first else norm(expected + block(expected))
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-9, atol=1e-12)


def test_dropout_is_in_training_only() -> None:
    layer = nn.TransformerDecoderLayer(6, 2, 8, dropout=1.0, norm_first=True)
    x = tg.tensor(numbers(4, 6).astype(np.float32))
    np.testing.assert_array_equal(layer(x, x).detach().numpy(), x.numpy())
    assert (layer.eval()(x, x) - x).detach().abs().sum().item() > 0


def test_activations_are_relu_gelu_or_given() -> None:
    assert nn.TransformerEncoderLayer(4, 2).activation_relu_or_gelu == 1
    assert nn.TransformerEncoderLayer(4, 2, activation=nn.GELU()).activation_relu_or_gelu == 2
    assert nn.TransformerEncoderLayer(4, 2, activation=tg.sin).activation_relu_or_gelu == 0
    with pytest.raises(RuntimeError, match="activation should be relu/gelu, not tanh"):
        nn.TransformerEncoderLayer(4, 2, activation="tanh")
