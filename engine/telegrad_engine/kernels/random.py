"""Counter-based random numbers: a key and a place give a number, so that a replay agrees wherever it runs.

A key is (seed, offset). The seed is Philox's key; of its 128-bit counter the high half is the offset, the low
half the number of the block of four words. Two offsets share no block, however much is drawn from each.

Source: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011).
"""

from __future__ import annotations

import math
from typing import Any, Final

from telegrad_proto.dtypes import DType, float32, float64

_MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_MASK: Final = 0xFFFFFFFF
_ROUNDS: Final = 10

#: Blocks computed at a time: the temporaries of this many stay in a processor's cache.
_BATCH: Final = 1 << 14


def philox(xp: Any, seed: int, offset: int, first: int, count: int) -> Any:
    """The random words of `count` blocks from the block `first` on.

    Shape: uint32 (count, 4)
    """
    return philox_at(xp, seed, offset, xp.arange(count, dtype="<u8") + first)


def philox_at(xp: Any, seed: int, offset: int, blocks: Any) -> Any:
    """The random words of some blocks.

    Shape: blocks uint64 (n,) -> uint32 (n, 4)
    """
    counter = [blocks & _MASK, blocks >> 32]
    counter += [xp.full(blocks.shape, word, "<u8") for word in (offset & _MASK, offset >> 32)]
    key = [seed & _MASK, seed >> 32]
    for _ in range(_ROUNDS):
        low = counter[0] * _MULTIPLIERS[0]
        high = counter[2] * _MULTIPLIERS[1]
        counter = [
            (high >> 32) ^ counter[1] ^ key[0],
            high & _MASK,
            (low >> 32) ^ counter[3] ^ key[1],
            low & _MASK,
        ]
        key = [(word + weyl) & _MASK for word, weyl in zip(key, _WEYL, strict=True)]
    return xp.stack(counter, axis=-1).astype("<u4")


def _words(xp: Any, key: Any, count: int) -> Any:
    """The first `count` random words of a key, as uint32."""
    seed, offset = (int(word) for word in key)
    blocks = -(-count // 4)
    out = xp.empty((blocks, 4), "<u4")
    for first in range(0, blocks, _BATCH):
        size = min(_BATCH, blocks - first)
        out[first : first + size] = philox(xp, seed, offset, first, size)
    return out.reshape(-1)[:count]


def _fractions(xp: Any, key: Any, count: int, dtype: DType) -> Any:
    """Even fractions in [0, 1) of as many random bits as the mantissa holds, so that none rounds to 1."""
    if dtype.itemsize == 8:
        words = _words(xp, key, 2 * count).astype("<u8").reshape(count, 2)
        return ((words[:, 0] << 21) ^ (words[:, 1] >> 11)).astype("<f8") * 2.0**-53
    kept = 24 if dtype.itemsize == 4 else 11
    return ((_words(xp, key, count) >> (32 - kept)).astype("<f4") * 2.0**-kept).astype(dtype.typestr)


def uniform(xp: Any, key: Any, *, shape: tuple[int, ...], dtype: DType) -> Any:
    """Random numbers evenly in [0, 1)."""
    return _fractions(xp, key, math.prod(shape), dtype).reshape(shape)


def normal(xp: Any, key: Any, *, shape: tuple[int, ...], dtype: DType) -> Any:
    """Random numbers of the standard normal distribution; half precision computes in single.

    Source: Box, Muller: A note on the generation of random normal deviates (1958).
    """
    count = math.prod(shape)
    pairs = -(-count // 2)
    wide = float64 if dtype.itemsize == 8 else float32
    fractions = _fractions(xp, key, 2 * pairs, wide).reshape(pairs, 2)
    # 1 - u lies in (0, 1], whose logarithm is finite.
    radius = xp.sqrt(-2 * xp.log1p(-fractions[:, 0]))
    angle = fractions[:, 1] * (2 * math.pi)
    out = xp.stack([radius * xp.cos(angle), radius * xp.sin(angle)], axis=-1)
    return out.reshape(-1)[:count].reshape(shape).astype(dtype.typestr)


def bits(xp: Any, key: Any, *, shape: tuple[int, ...]) -> Any:
    """64 random bits in every place."""
    count = math.prod(shape)
    words = _words(xp, key, 2 * count).astype("<u8").reshape(count, 2)
    return (words[:, 0] | (words[:, 1] << 32)).reshape(shape)
