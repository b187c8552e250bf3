"""Products of several matrices, in the order that takes the least work."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from telegrad.functions.contraction import matmul
from telegrad.functions.operands import tensors_of
from telegrad.recording.registry import function
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, ShapeError


def _cheapest(sizes: Sequence[int]) -> list[list[int]]:
    """Where to split each run of a chain of matrices so that the fewest numbers are multiplied.

    Source: Cormen et al., Introduction to Algorithms, matrix chain multiplication.
    """
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            choices = [
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            ]
            cost[i][j], split[i][j] = min(choices)
    return split


def chained(matrices: Sequence[Tensor]) -> Tensor:
    """The product of matrices, in the order that takes the least work.

    Raises:
        ArgumentError: there are none.
        ShapeError: sizes that do not fit.
    """
    if not matrices:
        raise ArgumentError("chain_matmul(): Expected one or more matrices")
    if len(matrices) == 1:
        return matrices[0]
    for i, (a, b) in enumerate(itertools.pairwise(matrices)):
        if a.shape[-1] != b.shape[-2]:
            raise ShapeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(a.shape)} and {list(b.shape)} "
                f"cannot be multiplied"
            )
    split = _cheapest([matrices[0].shape[-2], *(x.shape[-1] for x in matrices)])

    def product(i: int, j: int) -> Tensor:
        if i == j:
            return matrices[i]
        k = split[i][j]
        return matmul(product(i, k), product(k + 1, j))

    return product(0, len(matrices) - 1)


@function(label=None, method=False)
def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices."""
    given = tensors_of(matrices)
    for x in given:
        if x.ndim != 2:
            raise ShapeError(f"chain_matmul: Tensor dimension is {x.ndim}, expected 2 instead.")
    return chained(list(given))
