"""Encoders, decoders, and both together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, alike, numbers

nn = tg.nn


def encoder(module: Any, **settings: Any) -> Any:
    layer = module.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True, **settings)
    return module.TransformerEncoder(layer, 2, module.LayerNorm(6))


def transformer(module: Any, **settings: Any) -> Any:
    return module.Transformer(6, 2, 1, 2, 8, dropout=0.0, batch_first=True, **settings)


@pytest.mark.torch
def test_encoders_are_those_of_torch() -> None:
    agree(encoder, numbers(3, 4, 6))
    agree(
        lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True), 1),
        numbers(3, 4, 6),
        train=False,
    )


@pytest.mark.torch
def test_decoders_are_those_of_torch() -> None:
    agree(
        lambda nn: nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 2, 8, 0.0), 2, nn.LayerNorm(6)),
        numbers(4, 3, 6),
        numbers(5, 3, 6),
    )


@pytest.mark.torch
@pytest.mark.parametrize("settings", [{}, {"activation": "gelu"}])
def test_transformers_are_those_of_torch(settings: dict[str, Any]) -> None:
    agree(lambda nn: transformer(nn, **settings), numbers(3, 4, 6), numbers(3, 5, 6))


@pytest.mark.torch
@pytest.mark.parametrize("causal", [True, None])
def test_masks_reach_the_layers(causal: bool | None) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = alike(transformer)
    padding = np.array([[False] * 4, [False] * 2 + [True] * 2])
    found = []
    for module, network in ((tg, mine), (torch, theirs)):
        mask = module.nn.Transformer.generate_square_subsequent_mask(5, dtype=module.float64)
        hidden = module.tensor(np.where(padding, -1e30, 0.0))
        src = module.tensor(numbers(2, 4, 6)).requires_grad_()
        out = network(
            src,
            module.tensor(numbers(2, 5, 6)),
            tgt_mask=mask,
            src_key_padding_mask=hidden,
            memory_key_padding_mask=hidden,
            tgt_is_causal=causal,
        )
        out.cos().sum().backward()
        found.append((out.detach().numpy(), src.grad.numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("padding", [[[0, 0, 0, 1], [0, 0, 1, 1]], [[0, 1, 0, 1], [0, 0, 1, 1]]])
def test_padded_places_are_zeros_where_torch_leaves_them_out(padding: list[list[int]]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = alike(encoder)
    found = []
    for module, network in ((tg, mine), (torch, theirs)):
        with module.no_grad():
            out = network.eval()(
                module.tensor(numbers(2, 4, 6)), src_key_padding_mask=module.tensor(padding) == 1
            )
        found.append(out.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-7, atol=1e-10)


def test_layers_are_copies() -> None:
    layer = nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True)
    made = nn.TransformerEncoder(layer, 2)
    first, second = made.layers
    assert first is not layer
    assert first.linear1.weight is not second.linear1.weight
    np.testing.assert_array_equal(
        first.linear1.weight.detach().numpy(), second.linear1.weight.detach().numpy()
    )
    x = tg.tensor(numbers(2, 4, 6).astype(np.float32))
    np.testing.assert_allclose(
        made(x).detach().numpy(), layer(layer(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )


def test_a_later_place_changes_nothing_before_it() -> None:
    network = transformer(nn).double()
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=tg.float64)
    src, tgt = tg.tensor(numbers(2, 4, 6)), numbers(2, 5, 6)
    before = network(src, tg.tensor(tgt), tgt_mask=mask).detach().numpy()
    tgt[:, 3:] += 1
    after = network(src, tg.tensor(tgt), tgt_mask=mask, tgt_is_causal=True).detach().numpy()
    np.testing.assert_allclose(after[:, :3], before[:, :3], rtol=1e-10)
    assert np.abs(after[:, 3:] - before[:, 3:]).max() > 1e-3


def test_the_causal_mask() -> None:
    inf = float("-inf")
    assert nn.Transformer.generate_square_subsequent_mask(3).tolist() == [
        [0.0, inf, inf],
        [0.0, 0.0, inf],
        [0.0, 0.0, 0.0],
    ]


def test_parts_can_be_given() -> None:
    given = nn.Transformer(6, 2, custom_encoder=nn.Identity(), custom_decoder=nn.Identity())
    assert list(given.state_dict()) == []


def test_weights_start_as_in_torch() -> None:
    tg.manual_seed(1)
    network = nn.Transformer(40, 2, 1, 1, 60, batch_first=True)
    values = network.encoder.layers[0].linear1.weight.detach().numpy()
    bound = (6 / 100) ** 0.5
    assert np.abs(values).max() <= bound
    assert abs(values.std() - bound / 3**0.5) < 0.03 * bound


def test_what_does_not_fit_is_refused() -> None:
    network = transformer(nn)
    with pytest.raises(RuntimeError, match="the batch number of src and tgt must be equal"):
        network(tg.ones(2, 4, 6), tg.ones(3, 4, 6))
    with pytest.raises(RuntimeError, match="must be equal to d_model"):
        network(tg.ones(2, 4, 5), tg.ones(2, 4, 6))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"norm_first": True}, "norm_first was True"),
        ({"batch_first": False}, "batch_first was not True"),
        ({"bias": False}, "passed bias=False"),
        ({"activation": tg.tanh}, "activation_relu_or_gelu was not True"),
        ({"nhead": 3}, "num_heads is odd"),
    ],
)
def test_torchs_warning_of_its_slow_way(settings: dict[str, Any], words: str) -> None:
    layer = nn.TransformerEncoderLayer(
        **{"d_model": 6, "nhead": 2, "dim_feedforward": 8, "batch_first": True, **settings}
    )
    with pytest.warns(UserWarning, match=words):
        nn.TransformerEncoder(layer, 1)
    with pytest.warns(UserWarning, match="was not TransformerEncoderLayer"):
        nn.TransformerEncoder(nn.Identity(), 1)
