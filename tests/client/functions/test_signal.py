from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close

SIGNAL = np.sin(np.arange(40.0))


def test_each_window_is_transformed() -> None:
    found = tg.stft(tg.tensor(SIGNAL), 8, hop_length=4, center=False, return_complex=True)
    frames = np.lib.stride_tricks.sliding_window_view(SIGNAL, 8)[::4]
    close(found, np.fft.rfft(frames, axis=1).T)


def test_a_real_signal_must_say_what_it_wants_back() -> None:
    with pytest.raises(RuntimeError, match="return_complex"):
        tg.stft(tg.tensor(SIGNAL), 8)


TORCH: dict[str, Case] = {
    "reflected": lambda m, x, i: m.stft(x.repeat(1, 6), 8, return_complex=True, window=m.ones(8)),
    "both sides": lambda m, x, i: m.stft(
        x.repeat(1, 6),
        8,
        return_complex=True,
        onesided=False,
        window=m.ones(6),
        win_length=6,
        normalized=True,
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=False)


@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_windows_are_numpys(length: int) -> None:
    close(tg.hann_window(length, periodic=False), np.hanning(length))
    close(tg.hamming_window(length, periodic=False), np.hamming(length))
    close(tg.blackman_window(length, periodic=False), np.blackman(length))
    close(tg.bartlett_window(length, periodic=False), np.bartlett(length))
    if length > 1:
        close(tg.hann_window(length), np.hanning(length + 1)[:-1])
