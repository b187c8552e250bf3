from __future__ import annotations

import numpy as np
import pytest

from telegrad.program.sharding import merged, slices_of
from telegrad_proto.errors import ArgumentError


@pytest.mark.parametrize(
    ("length", "count", "sizes"), [(10, 3, [4, 3, 3]), (2, 5, [1, 1]), (0, 4, [0]), (6, 1, [6])]
)
def test_slices_are_as_equal_as_can_be(length: int, count: int, sizes: list[int]) -> None:
    slices = slices_of(length, count)
    assert [s.stop - s.start for s in slices] == sizes
    assert np.array_equal(np.concatenate([np.arange(length)[s] for s in slices]), np.arange(length))


def test_no_slice_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="requires 1 or more, got 0"):
        slices_of(4, 0)
    with pytest.raises(ArgumentError, match="shards: requires an integer, got float"):
        slices_of(4, 1.5)  # type: ignore[arg-type]
    assert len(slices_of(4, np.int64(2))) == 2  # type: ignore[arg-type]


def test_sums_are_taken_from_the_left_in_the_type_of_the_parts() -> None:
    rng = np.random.default_rng(3)
    parts = [rng.normal(size=5).astype(np.float32) * 10.0**k for k in (8, 0, 0, -3)]
    parts = [p.astype(np.float32) for p in parts]
    expected = ((parts[0] + parts[1]) + parts[2]) + parts[3]
    found = merged(parts, batched=False, weights=None)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)
    first = parts[0].copy()
    assert np.array_equal(parts[0], first)


def test_means_are_weighted_and_batches_put_behind_each_other() -> None:
    parts = [np.array([2.0]), np.array([5.0])]
    assert merged(parts, batched=False, weights=[0.75, 0.25]) == 2.75
    assert merged(parts, batched=True, weights=[0.75, 0.25]).tolist() == [2.0, 5.0]
    assert merged([np.array(1.0), np.array(2.0)], batched=False, weights=None).shape == ()
    with pytest.raises(ArgumentError, match="floating point results, got int64"):
        merged([np.arange(2)], batched=False, weights=[1.0])
