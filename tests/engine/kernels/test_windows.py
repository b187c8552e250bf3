"""Windows, and their overlap-add by either loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telegrad_engine.kernels.windows import fold_windows, windows
from tests.engine.kernels.stand_in import other

CASES = [
    ((2, 9), (3,), (1,), (1,)),
    ((2, 9), (3,), (2,), (3,)),
    ((9,), (9,), (1,), (1,)),
    ((3, 7, 8), (2, 3), (2, 1), (1, 2)),
    ((7, 8), (6, 7), (1, 1), (1, 1)),
    ((0, 5), (2,), (1,), (1,)),
    ((2, 7), (3,), (2**62,), (2,)),
    ((2, 7), (1,), (3,), (2**62,)),
]


@pytest.mark.parametrize("xp", [np, other], ids=["numpy", "other"])
@pytest.mark.parametrize(("shape", "sizes", "strides", "dilations"), CASES)
def test_windows_and_fold_are_adjoint(
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    xp: Any,
    rng: np.random.Generator,
) -> None:
    x = rng.standard_normal(shape)
    spatial = shape[len(shape) - len(sizes) :]
    seen = windows(xp, x, sizes=sizes, strides=strides, dilations=dilations)
    y = rng.standard_normal(seen.shape)
    folded = fold_windows(xp, y, spatial=spatial, strides=strides, dilations=dilations)
    assert folded.shape == shape
    np.testing.assert_allclose((seen * y).sum(), (x * folded).sum(), atol=1e-10)


def test_windows_look_where_they_should() -> None:
    x = np.arange(20).reshape(4, 5)
    seen = windows(np, x[:, ::-1], sizes=(2, 2), strides=(2, 1), dilations=(1, 3))
    assert seen.shape == (2, 2, 2, 2)
    assert seen[1, 1].tolist() == [[13, 10], [18, 15]]
    with pytest.raises(ValueError, match="read-only"):
        seen[...] = 0


def test_folding_half_precision_adds_in_single() -> None:
    ones = np.ones((3000, 1, 3), "<f2")
    ones[0] = 2048
    folded = fold_windows(np, ones.transpose(1, 0, 2).copy(), spatial=(3002,), strides=(1,), dilations=(1,))
    assert folded.dtype.str == "<f2"
    assert folded[0, 2] == np.float16(2050)


@pytest.mark.torch
def test_fold_is_torchs(rng: np.random.Generator) -> None:
    import torch

    blocks = rng.standard_normal((2, 3 * 2 * 2, 12))
    theirs = torch.nn.functional.fold(torch.from_numpy(blocks), (4, 5), (2, 2)).numpy()
    mine = blocks.reshape(2, 3, 2, 2, 3, 4).transpose(0, 1, 4, 5, 2, 3)
    np.testing.assert_allclose(
        fold_windows(np, mine, spatial=(4, 5), strides=(1, 1), dilations=(1, 1)), theirs, atol=1e-12
    )
