from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close


def test_elements_are_written_and_added() -> None:
    index, values = tg.tensor([0, 2, 2]), tg.tensor([1.0, 2.0, 3.0])
    close(tg.zeros(4).scatter_add(0, index, values), [1.0, 0.0, 5.0, 0.0])
    close(tg.zeros(4).scatter(0, tg.tensor([3, 1]), values), [0.0, 2.0, 0.0, 1.0])
    close(tg.zeros(4).scatter(0, index, 9.0), [9.0, 0.0, 9.0, 0.0])
    close(tg.full((4,), 2.0).scatter(0, index, values, reduce="multiply"), [2.0, 2.0, 12.0, 2.0])


@pytest.mark.parametrize(
    ("reduce", "with_self", "without"),
    [
        ("sum", [11.0, 10.0, 15.0], [1.0, 10.0, 5.0]),
        ("prod", [10.0, 10.0, 60.0], [1.0, 10.0, 6.0]),
        ("mean", [5.5, 10.0, 5.0], [1.0, 10.0, 2.5]),
        ("amax", [10.0, 10.0, 10.0], [1.0, 10.0, 3.0]),
        ("amin", [1.0, 10.0, 2.0], [1.0, 10.0, 2.0]),
    ],
)
def test_elements_are_reduced(reduce: str, with_self: list[float], without: list[float]) -> None:
    start, index, values = tg.full((3,), 10.0), tg.tensor([0, 2, 2]), tg.tensor([1.0, 2.0, 3.0])
    close(start.scatter_reduce(0, index, values, reduce), with_self)
    close(start.scatter_reduce(0, index, values, reduce, include_self=False), without)
    if reduce != "sum":
        close(start.index_reduce(0, index, values, reduce), with_self)


def test_reduced_slices_have_the_tensors_other_lengths() -> None:
    for start, source in (
        (tg.ones(1), tg.tensor(6.0)),
        (tg.tensor(4.0), tg.ones(1)),
        (tg.ones(2), tg.ones(1, 1)),
        (tg.ones(2, 3), tg.ones(1, 2)),
        (tg.ones(2, 3), tg.ones(3)),
    ):
        with pytest.raises(RuntimeError, match="source tensor shape must match self tensor shape"):
            start.index_reduce(0, tg.tensor([0]), source, "prod")
    with pytest.raises(RuntimeError, match="source tensor shape must match self tensor shape"):
        tg.ones(5, 5).index_reduce(1, tg.tensor([0, 1]), tg.ones(2), "amax")
    assert tg.tensor(4.0).index_reduce(0, tg.tensor([0]), tg.tensor(6.0), "prod").item() == 24.0


def test_slices_and_diagonals_are_written() -> None:
    x = tg.zeros(3, 3)
    close(x.select_scatter(tg.ones(3), 0, -1), [[0, 0, 0], [0, 0, 0], [1, 1, 1]])
    close(x.slice_scatter(tg.ones(3, 2), 1, 0, None, 2), np.array([[1, 0, 1]] * 3))
    close(x.diagonal_scatter(tg.ones(2), 1), np.eye(3, k=1))


def test_an_unknown_reduction() -> None:
    with pytest.raises(RuntimeError, match="sum, prod, mean, amax or amin"):
        tg.zeros(3).scatter_reduce(0, tg.tensor([0]), tg.ones(1), "median")


TORCH: dict[str, Case] = {
    "scatter": lambda m, x, i: x.scatter(1, i.expand(2, 3), x * 2),
    "scatter number": lambda m, x, i: x.scatter(1, i[None], 5.0),
    "scatter_add": lambda m, x, i: x.scatter_add(1, i.expand(2, 3), x * 2),
    "amax": lambda m, x, i: x.scatter_reduce(1, i.expand(2, 3) // 2, x, "amax"),
    "prod": lambda m, x, i: x.scatter_reduce(1, i.expand(2, 3) // 2, x, "prod"),
    "mean": lambda m, x, i: x.scatter_reduce(1, i.expand(2, 3) // 2, x, "mean", include_self=False),
    "select_scatter": lambda m, x, i: x.select_scatter(x[0] * 2, 0, 1),
    "slice_scatter": lambda m, x, i: x.slice_scatter(x[:, :2] * 2, 1, 0, 2),
    "diagonal_scatter": lambda m, x, i: x.diagonal_scatter(x[:, 0] * 3),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


def test_index_put_takes_values_of_the_type_that_is_there() -> None:
    x = tg.zeros(2, 3)
    mask = tg.tensor([True, False])
    assert x.index_put((mask,), tg.tensor(2)).sum().item() == 6
    with pytest.raises(RuntimeError, match="source and destination dtypes match, got Float"):
        x.index_put((tg.tensor([0]),), tg.ones(3, dtype=tg.float64))
    with pytest.raises(IndexError, match=r"shape of the mask \[3\] at index 0"):
        x.index_put((tg.tensor([True, False, True]),), tg.tensor(2.0))


def test_indices_have_as_many_dimensions_as_what_they_point_into() -> None:
    for source in (tg.ones(2, 2), tg.ones(2)):
        with pytest.raises(RuntimeError, match="same number of dimensions"):
            tg.ones(2).scatter_reduce(0, tg.zeros(2, 2, dtype=tg.int64), source, "prod")
    with pytest.raises(TypeError, match="requires src or value"):
        tg.ones(2).scatter(0, tg.zeros(2, dtype=tg.int64))
