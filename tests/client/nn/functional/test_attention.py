"""Attention of many heads as a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.nn.functional.attention import canonical_mask
from tests.client.nn.layers import numbers

F = tg.nn.functional


def attend(module: Any, query: Any, key: Any = None, value: Any = None, **more: Any) -> Any:
    weights = [module.tensor(numbers(*shape)) for shape in ((18, 6), (18,), (6, 6), (6,))]
    into, bias, out, out_bias = weights
    key = query if key is None else key
    value = key if value is None else value
    given = {"bias_k": None, "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0}
    own = {name: more.pop(name) for name in given if name in more}
    return module.nn.functional.multi_head_attention_forward(
        query, key, value, 6, 2, into, bias, *{**given, **own}.values(), out, out_bias, **more
    )


@pytest.mark.torch
def test_keys_and_values_that_stand_already() -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        static = {f"static_{x}": module.tensor(numbers(6, 5, 3, seed=i)) for i, x in enumerate("kv")}
        out, weights = attend(module, module.tensor(numbers(4, 3, 6)), **static)
        found.append((out.numpy(), weights.numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_one_input_is_projected_as_three_would_be() -> None:
    x = tg.tensor(numbers(4, 3, 6))
    at_once, _ = attend(tg, x)
    apart, _ = attend(tg, x, x.clone(), x.clone())
    np.testing.assert_allclose(at_once.numpy(), apart.numpy(), rtol=1e-10, atol=1e-13)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one dimension": ({"query": (6,)}, "received 1-D query tensor"),
    "another rank": ({"key": (5, 6)}, "`key` and `value` to be 3-D but found 2-D"),
    "padding": ({"key_padding_mask": (4,)}, "`key_padding_mask` to be `None` or 2-D but found 1-D"),
    "padding's size": ({"key_padding_mask": (3, 5)}, r"shape\[1\] to be 4, but got 5"),
    "mask's rank": ({"attn_mask": (4,)}, "`attn_mask` to be `None`, 2-D or 3-D but found 1-D"),
    "head's mask": ({"query": (4, 6), "attn_mask": (3, 4, 4)}, r"`attn_mask` shape to be \(2, 4, 4\)"),
    "features": ({"query": (4, 3, 5)}, "expecting embedding dimension of 6, but got 5"),
    "one bias": ({"bias_k": (1, 1, 6)}, "bias_k is set but bias_v is None"),
    "static": ({"static_k": (5, 4, 3)}, r"expecting static_k.size\(0\) of 6, but got 5"),
    "values": ({"value": (5, 3, 6)}, "key shape .* does not match value shape"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name: str) -> None:
    shapes, words = REFUSED[name]
    given = {key: tg.ones(*shape, dtype=tg.float64) for key, shape in {"query": (4, 3, 6), **shapes}.items()}
    with pytest.raises(AssertionError, match=words):
        attend(tg, **given)


def test_masks_of_another_shape_are_refused() -> None:
    with pytest.raises(RuntimeError, match=r"The shape of the 2D attn_mask is .*\(4, 4\)"):
        attend(tg, tg.ones(4, 3, 6, dtype=tg.float64), attn_mask=tg.ones(4, 5))
    with pytest.raises(RuntimeError, match=r"The shape of the 3D attn_mask is .*\(6, 4, 4\)"):
        attend(tg, tg.ones(4, 3, 6, dtype=tg.float64), attn_mask=tg.ones(3, 4, 4))
    with pytest.raises(RuntimeError, match="Need attn_mask if specifying the is_causal hint"):
        attend(tg, tg.ones(4, 3, 6, dtype=tg.float64), is_causal=True)


def test_masks_become_numbers_to_add() -> None:
    mask = canonical_mask(tg.tensor([True, False]), "mask", tg.float64)
    assert mask is not None
    assert mask.tolist() == [float("-inf"), 0.0]
    numbers_already = tg.zeros(2)
    assert canonical_mask(numbers_already, "mask", tg.float64) is numbers_already
    assert canonical_mask(None, "mask", tg.float64) is None
    with pytest.raises(AssertionError, match="only bool and floating types of mask are supported"):
        canonical_mask(tg.tensor([1]), "mask", tg.float64)
    with pytest.warns(UserWarning, match="Support for mismatched mask and other is deprecated"):
        canonical_mask(tg.tensor([True]), "mask", tg.float64, tg.zeros(1), "other")
