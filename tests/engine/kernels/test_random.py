"""Counter-based random numbers: known answers, distributions, independence of offsets."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.kernels import random
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType


def key(seed: int, offset: int = 0) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array([seed, offset], "<u8")


@pytest.mark.parametrize(
    ("seed", "offset", "block", "words"),
    [
        (0, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**64 - 1, 2**64 - 1, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (0x299F31D0A4093822, 0x0370734413198A2E, 0x85A308D3243F6A88, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_known_answers(seed: int, offset: int, block: int, words: str) -> None:
    """Source: Random123, kat_vectors, philox4x32 10."""
    (found,) = random.philox(np, seed, offset, block, 1)
    assert " ".join(f"{word:08x}" for word in found) == words


@pytest.mark.parametrize("dtype", [dtypes.float16, dtypes.float32, dtypes.float64])
def test_uniform_fills_the_unit_interval(dtype: DType) -> None:
    x = random.uniform(np, key(7), shape=(100, 1000), dtype=dtype).astype("<f8")
    assert x.min() >= 0
    assert x.max() < 1
    assert abs(x.mean() - 0.5) < 5 * np.sqrt(1 / 12 / x.size)
    counts = np.histogram(x, bins=16, range=(0, 1))[0]
    assert np.square(counts - x.size / 16).sum() / (x.size / 16) < 50  # chi-squared, 15 degrees of freedom


@pytest.mark.parametrize("dtype", [dtypes.float16, dtypes.float32, dtypes.float64])
def test_normal_has_its_moments(dtype: DType) -> None:
    x = random.normal(np, key(7), shape=(100_001,), dtype=dtype).astype("<f8")
    assert np.isfinite(x).all()
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        assert abs((x**power).mean() - moment) < 5 * np.sqrt(variance / x.size) + 1e-3
    assert abs(np.mean(x[:-1:2] * x[1::2])) < 5 / np.sqrt(x.size / 2)


def test_a_number_depends_on_its_place_not_on_how_many_are_drawn() -> None:
    few = random.uniform(np, key(3, 1), shape=(7,), dtype=dtypes.float64)
    many = random.uniform(np, key(3, 1), shape=(200_000,), dtype=dtypes.float64)
    np.testing.assert_array_equal(few, many[:7])


def test_keys_draw_apart() -> None:
    drawn = [
        random.bits(np, key(*k), shape=(1000,)) for k in [(1, 0), (1, 1), (2, 0), (2**40, 0), (1, 2**40)]
    ]
    assert len(np.unique(np.concatenate(drawn))) == 5000
    again = random.bits(np, key(1, 0), shape=(10, 100))
    np.testing.assert_array_equal(again.reshape(-1), drawn[0])


def test_every_bit_is_drawn() -> None:
    words = random.bits(np, key(5), shape=(20_000,))
    shares = [(words >> np.uint64(bit) & np.uint64(1)).mean() for bit in range(64)]
    assert max(abs(share - 0.5) for share in shares) < 5 * 0.5 / np.sqrt(words.size)
