"""Below which a singular value counts as zero."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from telegrad.linalg.tolerances import count_above, tolerances
from tests.client.functions.comparing import close

EPSILON = float(np.finfo(np.float64).eps)


@pytest.mark.parametrize(
    ("atol", "rtol", "expected"),
    [
        (None, None, (0.0, 4 * EPSILON)),
        (None, 0.1, (0.0, 0.1)),
        (0.5, None, (0.5, 0.0)),
        (0.0, None, (0.0, 4 * EPSILON)),
        (0.5, 0.1, (0.5, 0.1)),
    ],
)
def test_defaults_are_torchs(atol: float | None, rtol: float | None, expected: tuple[float, float]) -> None:
    x = tg.zeros(3, 4, dtype=tg.float64)
    close(tg.stack(tolerances(x, atol, rtol)), expected)


def test_a_tensor_has_one_for_each_matrix() -> None:
    x = tg.zeros(2, 3, 4, dtype=tg.float64)
    least, share = tolerances(x, tg.tensor([0.5, 0.0]), None)
    close(least, [0.5, 0.0])
    close(share, [0.0, 4 * EPSILON])


def test_the_larger_one_counts() -> None:
    values = tg.tensor([[4.0, 1.0, 0.1], [2.0, 1.0, 0.1]], dtype=tg.float64)
    x = tg.zeros(2, 3, 3, dtype=tg.float64)
    close(count_above(values, x, 0.2, 0.3), [[True, False, False], [True, True, False]])
    close(
        count_above(tg.zeros(2, 0, dtype=tg.float64), tg.zeros(2, 0, 3, dtype=tg.float64), None, None),
        np.zeros((2, 0), bool),
    )
