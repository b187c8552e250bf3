from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike

V = np.array([3.0, 1.0, 2.0, 1.0, 5.0, 4.0])


def test_order() -> None:
    values, indices = tg.sort(tg.tensor(V), stable=True)
    close(values, np.sort(V))
    close(indices, np.argsort(V, kind="stable"))
    close(tg.sort(tg.tensor(X), 0, descending=True).values, -np.sort(-X, 0))
    close(tg.argsort(tg.tensor(V)), np.argsort(V, kind="stable"))
    close(tg.msort(tg.tensor(X)), np.sort(X, 0))


def test_the_largest_and_smallest_few() -> None:
    values, indices = tg.topk(tg.tensor(V), 2)
    close(values, [5.0, 4.0])
    close(indices, [4, 5])
    close(tg.topk(tg.tensor(V), 3, largest=False).values, [1.0, 1.0, 2.0])
    close(tg.kthvalue(tg.tensor(V), 3).values, 2.0)


def test_medians() -> None:
    close(tg.median(tg.tensor(V)), 2.0)
    assert math.isnan(tg.median(tg.tensor([1.0, math.nan])).item())
    close(tg.nanmedian(tg.tensor([1.0, math.nan, 5.0, 9.0])), 5.0)
    close(tg.median(tg.tensor(X), 1).values, np.median(X, 1))


def test_equal_medians_share_the_gradient() -> None:
    x = tg.tensor([1.0, 2.0, 2.0, 3.0], requires_grad=True)
    tg.median(x).backward()
    close(x.grad, [0.0, 0.5, 0.5, 0.0])


def test_the_smallest_of_the_most_frequent() -> None:
    values, indices = tg.mode(tg.tensor([[5.0, 1.0, 1.0, 5.0], [2.0, 3.0, 4.0, 4.0]]))
    close(values, [1.0, 4.0])
    close(indices, [2, 3])


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "nearest", "midpoint"])
def test_quantiles_are_numpys(interpolation: Any) -> None:
    for q in (0.0, 0.3, 0.5, 1.0):
        expected = np.quantile(V, q, method=interpolation)
        close(tg.quantile(tg.tensor(V), q, interpolation=interpolation), expected)
    shares = np.array([0.1, 0.9])
    found = tg.quantile(tg.tensor(X), tg.tensor(shares, dtype=tg.float32), dim=1, keepdim=True)
    close(found, np.quantile(X, shares.astype(np.float32), axis=1, keepdims=True))


def test_quantiles_of_what_is_there() -> None:
    x = tg.tensor([1.0, math.nan, 3.0])
    assert math.isnan(tg.quantile(x, 0.5).item())
    close(tg.nanquantile(x, 0.5), 2.0)


def test_different_elements() -> None:
    values, inverse, counts = tg.unique(tg.tensor([3, 1, 3]), return_inverse=True, return_counts=True)
    close(values, [1, 3])
    close(inverse, [1, 0, 1])
    close(counts, [1, 2])


TORCH: dict[str, Case] = {
    "sort": lambda m, x, i: x.sort(1),
    "topk": lambda m, x, i: x.topk(2),
    "kthvalue": lambda m, x, i: x.kthvalue(2),
    "median": lambda m, x, i: x.median(),
    "median dim": lambda m, x, i: x.median(1),
    "nanmedian": lambda m, x, i: x.nanmedian(),
    "mode": lambda m, x, i: x.mode(1),
    "quantile": lambda m, x, i: x.quantile(0.4, dim=1),
    "msort": lambda m, x, i: m.msort(x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: x.topk(4),
        lambda m, x, i: x.sort(2),
        lambda m, x, i: x.quantile(1.5),
        lambda m, x, i: i.quantile(0.5),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)


def test_runs_of_equal_elements_are_torchs() -> None:
    torch = pytest.importorskip("torch")

    def found(module: Any) -> list[Any]:
        x = module.tensor([[1, 1, 2], [1, 1, 2], [3, 3, 3]])
        parts = [
            *module.unique_consecutive(x, return_inverse=True, return_counts=True),
            *x.unique_consecutive(dim=0, return_counts=True),
            x.unique_consecutive(dim=1),
            module.unique_consecutive(module.ones(0)),
        ]
        return [part.tolist() for part in parts]

    assert found(tg) == found(torch)
