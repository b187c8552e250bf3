from __future__ import annotations

import pytest

from telegrad_proto.errors import LimitError, StructureError
from telegrad_proto.limits import MAX_TREE_DEPTH
from telegrad_proto.tree import check_tree
from telegrad_proto.v1 import program_pb2

Tree = program_pb2.Tree


def test_arrays_are_counted_wherever_they_stand() -> None:
    tree = Tree(
        kind=Tree.TUPLE,
        children=[
            Tree(),
            Tree(kind=Tree.DICT, children=[Tree(), Tree(kind=Tree.STATIC)], keys=[{"s": "a"}, {"i": 3}]),
            Tree(kind=Tree.LIST),
        ],
    )
    assert check_tree(tree, "arguments") == 2


@pytest.mark.parametrize(
    "tree",
    [
        Tree(children=[Tree()]),
        Tree(kind=Tree.STATIC, keys=[{"i": 1}]),
        Tree(kind=Tree.DICT, children=[Tree()]),
        Tree(kind=Tree.LIST, children=[Tree()], keys=[{"i": 1}]),
        Tree(kind=9),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_tree_is_refused(tree: program_pb2.Tree) -> None:
    with pytest.raises(StructureError, match="result"):
        check_tree(tree, "result")


def test_depth_is_bounded() -> None:
    tree = Tree()
    for _ in range(MAX_TREE_DEPTH):
        tree = Tree(kind=Tree.LIST, children=[tree])
    with pytest.raises(LimitError, match="levels"):
        check_tree(tree, "arguments")
