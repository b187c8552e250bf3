"""Nested arguments and results."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Any, NamedTuple

import pytest

from telegrad.func.trees import count, flatten, mapped, spread, unflatten


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.mark.parametrize(
    ("tree", "leaves"),
    [
        (1, [1]),
        (None, [None]),
        ((), []),
        ([1, (2, {"b": 3, "a": 4})], [1, 2, 4, 3]),
        (Pair(1, [2]), [1, 2]),
        (OrderedDict([("b", 1), ("a", 2)]), [1, 2]),
        (defaultdict(int, {1: 2, "a": 3}), [2, 3]),
    ],
)
def test_there_and_back(tree: Any, leaves: list[Any]) -> None:
    found, structure = flatten(tree)
    assert found == leaves
    again = unflatten(found, structure)
    assert again == tree
    assert type(again) is type(tree)
    assert count(structure) == len(leaves)


def test_equal_dicts_have_equal_structures() -> None:
    assert flatten({"a": 1, "b": 2})[1] == flatten({"b": 2, "a": 1})[1]
    assert flatten({"a": 1})[1] != flatten({"b": 1})[1]
    assert str(flatten({"a": (1, [2])})[1]) == "dict('a': tuple(*, list(*)))"


@pytest.mark.parametrize("kind", [dict, OrderedDict, lambda items: defaultdict(int, items)])
def test_dicts_come_back_in_their_order(kind: Any) -> None:
    made = mapped(lambda x: -x, kind([("b", 1), ("a", 2), (0, 3)]))
    assert list(made.items()) == [("b", -1), ("a", -2), (0, -3)]


def test_a_function_of_the_leaves() -> None:
    assert mapped(lambda x: x + 1, ([1], {"a": 2})) == ([2], {"a": 3})


@pytest.mark.parametrize(
    ("prefix", "tree", "found"),
    [
        (0, (1, [2, 3]), [0, 0, 0]),
        ((0, None), (1, [2, 3]), [0, None, None]),
        ((0, [1, 2]), (1, [2, 3]), [0, 1, 2]),
        (({"a": 1, "b": 2},), ({"b": 5, "a": (6, 7)},), [1, 1, 2]),
        ((0,), (1, 2), None),
        ([0, 1], (1, 2), None),
        ((0, (1, 2)), (1, 2), None),
    ],
)
def test_a_tree_that_another_refines(prefix: Any, tree: Any, found: Any) -> None:
    assert spread(prefix, flatten(tree)[1]) == found
