from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import pytest

from telegrad.program.nesting import array_count, built, joined, leaves_of, written
from telegrad_proto.errors import ArgumentError, TraceError
from telegrad_proto.v1 import program_pb2


class Pair(NamedTuple):
    a: Any
    b: Any


class Leaf:
    pass


def tree_of(tree: Any) -> tuple[program_pb2.Tree, list[str]]:
    message = program_pb2.Tree()
    paths: list[str] = []

    def leaf(path: str, value: Any) -> bool:
        if isinstance(value, Leaf):
            paths.append(path)
        return isinstance(value, Leaf)

    written(tree, leaf, "x", message)
    return message, paths


def test_trees_come_back_plain() -> None:
    x = Leaf()
    message, paths = tree_of({"b": Pair(x, [x, 2.5]), "a": OrderedDict({3: x}), "t": ("text", None, True)})
    assert paths == ["x.a.3", "x.b.0", "x.b.1.0"]
    assert array_count(message) == 3
    again = built(message, iter([1, 2, 3]))
    assert again == {"a": {3: 1}, "b": (2, [3, 2.5]), "t": ("text", None, True)}
    assert list(leaves_of(message, again, "x")) == [("x.a.3", 1), ("x.b.0", 2), ("x.b.1.0", 3)]
    assert joined("", 1) == "1"


def test_what_a_program_cannot_hold_is_refused() -> None:
    for tree, text in ((object(), "got object"), ({(1, 2): 3}, "texts or integers"), ({1}, "got set")):
        with pytest.raises(TraceError, match=text):
            tree_of(tree)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([0, 0], "x: requires a tuple of 2, got a list of 2"),
        ((0,), "x: requires a tuple of 2, got a tuple of 1"),
        ((0, {"a": 0}), r"x\.1: requires a dict of \['k', 's'\], got a dict of \['a'\]"),
        ((0, {"k": 0, "s": 4}), r"x\.1\.s: is 3 in this program, got 4"),
        ((0, {"k": 0, "s": 3.0}), r"x\.1\.s: is 3 in this program, got 3\.0"),
        ((0, 7), r"x\.1: requires a dict of \['k', 's'\], got int"),
    ],
)
def test_another_tree_is_refused(given: Any, text: str) -> None:
    message, _ = tree_of((Leaf(), {"k": Leaf(), "s": 3}))
    with pytest.raises(ArgumentError, match=text):
        list(leaves_of(message, given, "x"))
