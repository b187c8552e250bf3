from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike

V = np.array([1.0, 4.0, 9.0, 7.0, 2.0])
PLACES = np.array([0.0, 1.0, 3.0, 4.5, 5.0])


def test_differences() -> None:
    close(tg.diff(tg.tensor(V)), np.diff(V))
    close(tg.diff(tg.tensor(V), n=2), np.diff(V, n=2))
    close(tg.diff(tg.tensor(X), dim=0, prepend=tg.zeros(1, 3)), np.diff(X, axis=0, prepend=np.zeros((1, 3))))
    close(tg.diff(tg.tensor([True, False])), [True])


@pytest.mark.parametrize("edge_order", [1, 2])
def test_slopes_are_numpys(edge_order: Any) -> None:
    (found,) = tg.gradient(tg.tensor(V), spacing=2.0, edge_order=edge_order)
    close(found, np.gradient(V, 2.0, edge_order=edge_order))
    (found,) = tg.gradient(tg.tensor(V), spacing=(tg.tensor(PLACES),), edge_order=edge_order)
    close(found, np.gradient(V, PLACES, edge_order=edge_order))


def test_integrals() -> None:
    close(tg.trapezoid(tg.tensor(V)), np.trapezoid(V))
    close(tg.trapz(tg.tensor(V), tg.tensor(PLACES)), np.trapezoid(V, PLACES))
    close(tg.trapezoid(tg.tensor(V), dx=0.5), np.trapezoid(V, dx=0.5))
    steps = np.cumsum((V[1:] + V[:-1]) / 2)
    close(tg.cumulative_trapezoid(tg.tensor(V)), steps)


def test_covariances() -> None:
    draw = np.random.default_rng(5)
    data, frequencies, weights = draw.standard_normal((3, 5)), np.array([1, 2, 3, 1, 1]), draw.random(5)
    close(tg.cov(tg.tensor(data)), np.cov(data))
    close(
        tg.cov(tg.tensor(data), correction=0, fweights=tg.tensor(frequencies), aweights=tg.tensor(weights)),
        np.cov(data, ddof=0, fweights=frequencies, aweights=weights),
    )
    close(tg.corrcoef(tg.tensor(data)), np.corrcoef(data))


TORCH: dict[str, Case] = {
    "gradient": lambda m, x, i: m.gradient(x, dim=1),
    "trapezoid": lambda m, x, i: m.trapezoid(x, dim=1),
    "cov": lambda m, x, i: m.cov(x),
    "corrcoef": lambda m, x, i: m.corrcoef(x),
    "diff": lambda m, x, i: m.diff(x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=False)


@pytest.mark.torch
@pytest.mark.parametrize("case", [lambda m, x, i: m.diff(m.tensor(1.0)), lambda m, x, i: m.cov(x[None])])
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


def test_bytes_have_no_differences() -> None:
    with pytest.raises(RuntimeError, match="does not support uint8 input"):
        tg.gradient(tg.ones(3, dtype=tg.uint8))
