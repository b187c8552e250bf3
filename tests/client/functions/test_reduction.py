from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sum", np.sum),
        ("mean", np.mean),
        ("prod", np.prod),
        ("amax", np.max),
        ("amin", np.min),
        ("max", np.max),
        ("min", np.min),
        ("argmax", np.argmax),
        ("argmin", np.argmin),
        ("any", np.any),
        ("all", np.all),
        ("count_nonzero", np.count_nonzero),
    ],
)
def test_it_is_numpys(name: str, expected: object) -> None:
    assert callable(expected)
    close(getattr(tg, name)(tg.tensor(X)), expected(X))


@pytest.mark.parametrize(("dim", "keepdim"), [(0, False), (1, True), (-1, False), ((0, 1), True)])
def test_dimensions_are_named(dim: int | tuple[int, ...], keepdim: bool) -> None:
    close(tg.sum(tg.tensor(X), dim, keepdim), X.sum(axis=dim, keepdims=keepdim))
    close(tg.tensor(X).mean(axis=dim, keepdims=keepdim), X.mean(axis=dim, keepdims=keepdim))


def test_integers_and_bool_add_up_in_int64() -> None:
    assert tg.sum(tg.tensor([1, 2], dtype=tg.int8)).dtype is tg.int64
    close(tg.sum(tg.tensor([True, True])), 2)
    assert tg.prod(tg.tensor([200, 2], dtype=tg.uint8)).item() == 400


def test_a_mean_of_integers_has_no_type() -> None:
    with pytest.raises(RuntimeError, match="could not infer output dtype"):
        tg.mean(tg.tensor([1, 2]))


@pytest.mark.parametrize("correction", [0, 1, 2])
def test_variance_takes_a_correction(correction: int) -> None:
    x = tg.tensor(X)
    close(tg.var(x, 1, correction=correction), X.var(axis=1, ddof=correction))
    variance, mean = tg.var_mean(x, 1, correction=correction)
    close(variance, X.var(axis=1, ddof=correction))
    close(mean, X.mean(axis=1))


def test_deviation_of_equal_numbers_has_a_gradient_of_zero() -> None:
    x = tg.tensor([2.0, 2.0], requires_grad=True)
    tg.std(x).backward()
    close(x.grad, [0.0, 0.0])


def test_equal_largest_elements_share_the_gradient_but_not_along_a_dimension() -> None:
    x = tg.tensor([1.0, 3.0, 3.0], requires_grad=True)
    tg.max(x).backward()
    close(x.grad, [0.0, 0.5, 0.5])
    x.grad = None
    values, indices = tg.max(x, 0)
    values.backward()
    close(x.grad, [0.0, 1.0, 0.0])
    assert indices.item() == 1


def test_the_result_of_a_maximum_prints_as_torchs() -> None:
    assert (
        repr(tg.max(tg.tensor([1.0, 3.0]), 0))
        == "torch.return_types.max(\nvalues=tensor(3.),\nindices=tensor(1))"
    )


def test_nan_is_skipped_where_asked_for() -> None:
    x = tg.tensor([1.0, math.nan, 3.0])
    close(tg.nansum(x), 4.0)
    close(tg.nanmean(x), 2.0)
    assert math.isnan(tg.sum(x).item())


def test_logsumexp_neither_overflows_nor_loses_infinities() -> None:
    close(tg.logsumexp(tg.tensor([1000.0, 1000.0]), 0), 1000 + math.log(2))
    close(tg.logsumexp(tg.tensor([-math.inf, -math.inf]), 0), -math.inf)
    close(tg.logsumexp(tg.tensor([math.inf, 0.0]), 0), math.inf)


def test_sum_to_size_undoes_a_stretch() -> None:
    close(tg.ones(2, 3).sum_to_size(1, 3), [[2.0, 2.0, 2.0]])
    close(tg.ones(2, 3).sum_to_size(3), [2.0, 2.0, 2.0])


def test_an_axis_that_is_not_there() -> None:
    with pytest.raises(IndexError, match=r"expected to be in range of \[-2, 1\], but got 2"):
        tg.sum(tg.tensor(X), 2)
    with pytest.raises(IndexError, match="Specify the reduction dim"):
        tg.argmax(tg.zeros(0))
    with pytest.raises(RuntimeError, match="Specify the reduction dim"):
        tg.max(tg.zeros(0))


TORCH: dict[str, Case] = {
    "sum": lambda m, x, i: x.sum(),
    "sum dim": lambda m, x, i: x.sum(1),
    "mean": lambda m, x, i: x.mean(),
    "mean dims": lambda m, x, i: x.mean((0, 1), keepdim=True),
    "prod with a zero": lambda m, x, i: x.prod(1),
    "amax": lambda m, x, i: x.amax((0, 1)),
    "aminmax": lambda m, x, i: m.aminmax(x, dim=0),
    "max": lambda m, x, i: m.max(x),
    "max dim": lambda m, x, i: x.max(1, keepdim=True),
    "max of two": lambda m, x, i: m.max(x, x * 0.5),
    "min dim": lambda m, x, i: m.min(x, 0),
    "var": lambda m, x, i: x.var(),
    "std": lambda m, x, i: x.std(1),
    "std of one": lambda m, x, i: x[:, :1].std(0, unbiased=False),
    "logsumexp": lambda m, x, i: m.logsumexp(x, 1),
    "nansum": lambda m, x, i: m.log(x).nansum(),
    "argmax": lambda m, x, i: x.argmax(1, keepdim=True),
    "any": lambda m, x, i: x.any(0),
    "all": lambda m, x, i: (x > 0).all(),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: i.sum(3),
        lambda m, x, i: i.mean(),
        lambda m, x, i: x.sum((0, 0)),
        lambda m, x, i: i.std(),
    ],
    ids=["axis", "integer mean", "axis twice", "integer deviation"],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)
