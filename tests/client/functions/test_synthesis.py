"""Signals come back from their transforms, beside torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg

SIGNAL = np.random.default_rng(5).standard_normal((2, 64))

OPTIONS: list[dict[str, Any]] = [
    {},
    {"length": 70},
    {"length": 30},
    {"normalized": True},
    {"onesided": False},
    {"win_length": 12},
]


def _back(module: Any, options: dict[str, Any]) -> list[np.ndarray]:
    x = module.tensor(SIGNAL, requires_grad=True)
    window = module.hann_window(options.get("win_length", 16), dtype=module.float64)
    same = {key: value for key, value in options.items() if key != "length"}
    f = module.stft(x, 16, 4, window=window, return_complex=True, **same)
    y = module.istft(f * f.abs(), 16, 4, window=window, **options)
    (y * y).sum().backward()
    return [y.detach().numpy(), x.grad.numpy()]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_beside_torch(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    for mine, theirs in zip(_back(tg, options), _back(torch, options), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)


def test_one_signal_comes_back() -> None:
    x = tg.tensor(SIGNAL[0])
    f = tg.stft(x, 8, return_complex=True)
    np.testing.assert_allclose(tg.istft(f, 8).numpy(), SIGNAL[0], atol=1e-12)


def test_what_cannot_be() -> None:
    f = tg.stft(tg.tensor(SIGNAL[0]), 8, return_complex=True)
    with pytest.raises(RuntimeError, match="complex-valued input"):
        tg.istft(tg.ones(5, 4), 8)
    with pytest.raises(RuntimeError, match="expected the frequency dimension"):
        tg.istft(f, 10)
    with pytest.raises(RuntimeError, match="0 < hop_length <= win_length"):
        tg.istft(f, 8, hop_length=9)
    with pytest.raises(RuntimeError, match="2 or 3 dimensions"):
        tg.istft(f[0], 8)
    with pytest.raises(RuntimeError, match="the signal is unknown"):
        tg.istft(f, 8, window=tg.zeros(8, dtype=tg.float64)).tolist()
