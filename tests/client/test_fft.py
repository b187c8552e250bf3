from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close

DRAW = np.random.default_rng(17)
REAL = DRAW.standard_normal((3, 4, 5))
COMPLEX = REAL + 1j * DRAW.standard_normal((3, 4, 5))


@pytest.mark.parametrize("norm", [None, "forward", "ortho", "backward"])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_one_dimension_is_numpys(name: str, norm: str | None) -> None:
    x = REAL if name in ("rfft", "ihfft") else COMPLEX
    mine, theirs = getattr(tg.fft, name), getattr(np.fft, name)
    close(mine(tg.tensor(x), norm=norm), theirs(x, norm=norm))
    for n in (3, 8):
        close(mine(tg.tensor(x), n, 1, norm=norm), theirs(x, n, 1, norm=norm))


@pytest.mark.parametrize("name", ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"])
def test_several_dimensions_are_numpys(name: str) -> None:
    x = REAL if name.startswith("rfft") else COMPLEX
    mine, theirs = getattr(tg.fft, name), getattr(np.fft, name)
    close(mine(tg.tensor(x)), theirs(x))
    close(mine(tg.tensor(x), (3, 6), (0, 2)), theirs(x, (3, 6), (0, 2)))


def test_frequencies_change_order() -> None:
    close(tg.fft.fftshift(tg.tensor(REAL), 1), np.fft.fftshift(REAL, 1))
    close(tg.fft.ifftshift(tg.tensor(REAL)), np.fft.ifftshift(REAL))
    close(tg.fft.fftfreq(5, 0.5), np.fft.fftfreq(5, 0.5))
    close(tg.fft.rfftfreq(6), np.fft.rfftfreq(6))


def test_what_has_no_transform() -> None:
    with pytest.raises(RuntimeError, match="expects a real input tensor"):
        tg.fft.rfft(tg.tensor(COMPLEX))
    with pytest.raises(RuntimeError, match="Invalid number of data points"):
        tg.fft.fft(tg.tensor(REAL), 0)
    with pytest.raises(RuntimeError, match="Invalid normalization mode"):
        tg.fft.fft(tg.tensor(REAL), norm="half")
    with pytest.raises(RuntimeError, match="FFT dims must be unique"):
        tg.fft.fftn(tg.tensor(REAL), dim=(0, 0))


TORCH: dict[str, Case] = {
    "fft": lambda m, x, i: m.fft.fft(x * (1 + 0j)),
    "rfft": lambda m, x, i: m.fft.rfft(x, 4),
    "irfft": lambda m, x, i: m.fft.irfft(m.complex(x, x * 2)),
    "hfft": lambda m, x, i: m.fft.hfft(m.complex(x, x * 2), 5),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=False)
