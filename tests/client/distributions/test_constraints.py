"""Constraints: the same bools for tensors, for arrays, and as torch gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg

VALUES: list[tuple[str, Any]] = [
    ("boolean", [0.0, 1.0, 0.5]),
    ("one_hot", [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]),
    ("nonnegative_integer", [-1.0, 0.0, 1.5, 3.0]),
    ("positive_integer", [0.0, 1.0]),
    ("real", [0.0, float("nan"), float("inf")]),
    ("real_vector", [[0.0, 1.0], [0.0, float("nan")]]),
    ("positive", [0.0, 1.0, -1.0]),
    ("nonnegative", [0.0, 1.0, -1.0]),
    ("unit_interval", [0.0, 1.0, 1.1]),
    ("simplex", [[0.5, 0.5], [0.6, 0.5], [-0.5, 1.5]]),
    ("lower_triangular", [[[1.0, 0.0], [2.0, -1.0]], [[1.0, 1.0], [0.0, 1.0]]]),
    ("lower_cholesky", [[[1.0, 0.0], [2.0, 1.0]], [[1.0, 0.0], [2.0, -1.0]]]),
    ("corr_cholesky", [[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.6, 0.7]]]),
    ("symmetric", [[[1.0, 2.0], [2.0, 0.0]], [[1.0, 2.0], [3.0, 0.0]]]),
    ("square", [[[1.0, 2.0], [2.0, 0.0]]]),
    ("square", [[1.0, 2.0]]),
    ("positive_semidefinite", [[[1.0, 0.0], [0.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    ("positive_definite", [[[1.0, 0.0], [0.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "value"), VALUES)
def test_as_torch(name: str, value: Any) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = getattr(tg.distributions.constraints, name), getattr(torch.distributions.constraints, name)
    found, wanted = mine.check(tg.tensor(np.array(value))), theirs.check(torch.tensor(np.array(value)))
    assert found.tolist() == wanted.tolist()
    assert mine.is_discrete == theirs.is_discrete
    assert mine.event_dim == theirs.event_dim
    assert repr(mine).removeprefix("Integer") == repr(theirs).removeprefix("Integer")


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_arrays_and_tensors_are_told_the_same(name: str, value: Any) -> None:
    constraint = getattr(tg.distributions.constraints, name)
    array = np.array(value)
    assert np.asarray(constraint.holds(array, *constraint.bounds)).tolist() == (
        constraint.check(tg.tensor(array)).tolist()
    )


def test_bounds() -> None:
    c = tg.distributions.constraints
    x = tg.tensor([0.0, 1.0, 2.0, 2.5])
    assert c.interval(0, 2).check(x).tolist() == [True, True, True, False]
    assert c.half_open_interval(0, 2).check(x).tolist() == [True, True, False, False]
    assert c.integer_interval(1, 3).check(x).tolist() == [False, True, True, False]
    assert c.less_than(1.0).check(x).tolist() == [True, False, False, False]
    assert c.greater_than_eq(tg.tensor(2.0)).check(x).tolist() == [False, False, True, True]
    assert c.multinomial(3).check(tg.tensor([[1.0, 2.0], [2.0, 2.0]])).tolist() == [True, False]
    assert repr(c.interval(0, 2)) == "Interval(lower_bound=0, upper_bound=2)"
    assert repr(c.less_than(1.0)) == "LessThan(upper_bound=1.0)"
    unknown = tg.ones(2).exp()
    assert repr(c.greater_than(unknown)) == "GreaterThan(lower_bound=Tensor of shape (2,))"


def test_dependent_ones() -> None:
    c = tg.distributions.constraints
    assert c.is_dependent(c.dependent)
    assert c.is_dependent(c.independent(c.dependent(is_discrete=False, event_dim=0), 1))
    assert not c.is_dependent(c.real)
    assert tg.distributions.Uniform.support.event_dim == 0
    with pytest.raises(ValueError, match="dependent constraint"):
        c.dependent.check(tg.zeros(1))
    with pytest.raises(ValueError, match=r"Expected value\.dim"):
        c.real_vector.check(tg.tensor(1.0))


def test_joined_ones() -> None:
    c = tg.distributions.constraints
    x = tg.tensor([1.0, -1.0, 0.5])
    joined = c.cat([c.positive, c.unit_interval], 0, [2, 1])
    assert joined.check(x).tolist() == [True, False, True]
    assert c.stack([c.positive, c.real, c.boolean]).check(x).tolist() == [True, True, False]
    assert not joined.is_discrete
