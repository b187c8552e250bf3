"""Trees of arrays on the wire: tuples, lists and dicts, and what in them is no array."""

from __future__ import annotations

from telegrad_proto.errors import LimitError, StructureError
from telegrad_proto.limits import MAX_PROGRAM_ENTRIES, MAX_TREE_DEPTH
from telegrad_proto.v1 import program_pb2

Kind = program_pb2.Tree.Kind


def check_tree(tree: program_pb2.Tree, where: str) -> int:
    """How many arrays a tree holds.

    Args:
        tree: the message.
        where: what it is of, for messages.

    Raises:
        StructureError: kinds, keys and children that make no tree.
        LimitError: it is too deep, or too wide.
    """
    stack = [(tree, 1)]
    arrays = seen = 0
    while stack:
        node, depth = stack.pop()
        seen += 1
        if depth > MAX_TREE_DEPTH or seen > MAX_PROGRAM_ENTRIES:
            raise LimitError(
                f"{where}: a tree has at most {MAX_TREE_DEPTH} levels and {MAX_PROGRAM_ENTRIES} nodes"
            )
        if node.kind in (Kind.ARRAY, Kind.STATIC):
            if node.children or node.keys:
                raise StructureError(f"{where}: a leaf of a tree has no children")
            arrays += node.kind == Kind.ARRAY
            continue
        if node.kind not in (Kind.TUPLE, Kind.LIST, Kind.DICT):
            raise StructureError(f"{where}: a tree has no nodes of kind {node.kind}")
        if len(node.keys) != (len(node.children) if node.kind == Kind.DICT else 0):
            raise StructureError(
                f"{where}: a dict has a key a child, and others have none; got {len(node.keys)} keys for "
                f"{len(node.children)} children"
            )
        stack += [(child, depth + 1) for child in node.children]
    return arrays
