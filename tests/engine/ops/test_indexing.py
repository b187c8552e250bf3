"""Reading and writing at positions beside torch, equal positions included."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.ops.beside_torch import assert_as_torch


@pytest.mark.torch
def test_gather_and_scatter() -> None:
    import torch

    x, src = np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(3, 4)
    index = np.array([[0, 3, 3, 1], [2, 2, 2, 2], [1, 0, 0, 3]])
    unique = np.array([[0, 3], [2, 1], [1, 0]])
    assert_as_torch("gather", lambda a, i: torch.gather(a, 1, i), x, index, axis=1, orders=2)
    assert_as_torch("scatter_add", lambda a, i, b: a.scatter_add(1, i, b), x, index, src, axis=1, orders=2)
    assert_as_torch(
        "scatter", lambda a, i, b: a.scatter(1, i, b), x, unique, src[:, :2].copy(), axis=1, orders=2
    )
    one = np.array(2.0)
    assert_as_torch("gather", lambda a, i: torch.gather(a, 0, i), one, np.array([0, 0]), axis=0)


@pytest.mark.torch
@pytest.mark.parametrize("axes", [(0, 1), (0, 2), (1,)])
def test_advanced_indexing(axes: tuple[int, ...]) -> None:
    import torch

    x = np.arange(24.0).reshape(2, 3, 4)
    indices = [np.array([[0, -1], [1, 1]]), np.array([1, -2])][: len(axes)]

    def keys(picked: tuple[torch.Tensor, ...]) -> tuple[object, ...]:
        places = dict(zip(axes, picked, strict=True))
        return tuple(places.get(axis, slice(None)) for axis in range(3))

    assert_as_torch("index", lambda a, *i: a[keys(i)], x, *indices, axes=axes, orders=2)


@pytest.mark.torch
@pytest.mark.parametrize("accumulate", [False, True])
def test_writing_at_positions(accumulate: bool) -> None:
    import torch

    x = np.arange(12.0).reshape(3, 4)
    rows, columns = np.array([0, 2, -1 if accumulate else 1]), np.array([1, 3, 3])

    def written(a: torch.Tensor, v: torch.Tensor, *i: torch.Tensor) -> torch.Tensor:
        return a.index_put(i, v, accumulate=accumulate)

    for values in (np.array([5.0, 6.0, 7.0]), np.array(5.0)):
        assert_as_torch(
            "index_put", written, x, values, rows, columns, axes=(0, 1), accumulate=accumulate, orders=2
        )
    for values in (np.arange(12.0).reshape(3, 4), np.arange(4.0)):
        assert_as_torch(
            "index_put", written, x, values, np.array([0, 2, 1]), axes=(0,), accumulate=accumulate, orders=2
        )
