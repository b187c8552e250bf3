"""Trees of tensors as a program holds them, and back: tuples, lists, dicts, and what in them is no tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from telegrad_proto.codec import decode_attr, encode_attr
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, TraceError
from telegrad_proto.tree import Kind
from telegrad_proto.v1 import program_pb2

Tree = program_pb2.Tree

_STATIC: Final = (bool, int, float, complex, str, DType, type(None))


def written(tree: Any, leaf: Callable[[str, Any], bool], path: str, message: program_pb2.Tree) -> None:
    """Writes a tree into a message.

    Args:
        tree: tuples, lists and dicts; a named tuple becomes a tuple, any dict a plain one.
        leaf: told each leaf that is no number, text or None, with the way to it; whether it is an array.
        path: the way to the tree itself.
        message: is filled.

    Raises:
        TraceError: something that a program cannot hold.
    """
    if isinstance(tree, (tuple, list)):
        message.kind = Kind.TUPLE if isinstance(tree, tuple) else Kind.LIST
        for i, child in enumerate(tree):
            written(child, leaf, joined(path, i), message.children.add())
    elif isinstance(tree, dict):
        message.kind = Kind.DICT
        for key in _sorted(tree):
            if not isinstance(key, (str, int)):
                raise TraceError(f"trace: {path}: a dict's keys are texts or integers, got {key!r:.80}")
            encode_attr(message.keys.add(), key)
            written(tree[key], leaf, joined(path, key), message.children.add())
    elif leaf(path, tree):
        message.kind = Kind.ARRAY
    elif isinstance(tree, _STATIC):
        message.kind = Kind.STATIC
        encode_attr(message.value, tree)
    else:
        raise TraceError(
            f"trace: {path}: a program takes and gives tensors, numbers, texts and None in tuples, lists and "
            f"dicts, got {type(tree).__name__}"
        )


def joined(path: str, step: object) -> str:
    return f"{path}.{step}" if path else str(step)


def _sorted(tree: dict[Any, Any]) -> list[Any]:
    # Dicts are equal whatever the order in which they were filled.
    return sorted(tree, key=lambda key: (type(key).__name__, key if isinstance(key, (str, int)) else ""))


def leaves_of(message: program_pb2.Tree, tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    """What stands where a program takes arrays, in order, with the way to each.

    Raises:
        ArgumentError: the tree is another than the program's.
    """
    match message.kind:
        case Kind.ARRAY:
            yield path, tree
        case Kind.STATIC:
            value = decode_attr(message.value)
            if tree != value or type(tree) is not type(value):
                raise ArgumentError(f"{path}: is {value!r} in this program, got {tree!r:.80}")
        case Kind.DICT:
            keys = [decode_attr(key) for key in message.keys]
            if not isinstance(tree, dict) or set(tree) != set(keys):
                raise ArgumentError(
                    f"{path or 'arguments'}: requires a dict of {keys!r:.200}, got {_told(tree)}"
                )
            for key, child in zip(keys, message.children, strict=True):
                yield from leaves_of(child, tree[key], joined(path, key))
        case _:
            kind = tuple if message.kind == Kind.TUPLE else list
            if not isinstance(tree, kind) or len(tree) != len(message.children):
                raise ArgumentError(
                    f"{path or 'arguments'}: requires a {kind.__name__} of {len(message.children)}, "
                    f"got {_told(tree)}"
                )
            for i, (child, part) in enumerate(zip(message.children, tree, strict=True)):
                yield from leaves_of(child, part, joined(path, i))


def _told(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dict of {list(tree)!r:.200}"
    if isinstance(tree, (tuple, list)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return type(tree).__name__


def built(message: program_pb2.Tree, leaves: Iterator[Any]) -> Any:
    """The tree of a message, with these in place of its arrays."""
    match message.kind:
        case Kind.ARRAY:
            return next(leaves)
        case Kind.STATIC:
            return decode_attr(message.value)
        case Kind.DICT:
            return {
                decode_attr(key): built(child, leaves)
                for key, child in zip(message.keys, message.children, strict=True)
            }
    children = [built(child, leaves) for child in message.children]
    return tuple(children) if message.kind == Kind.TUPLE else children


def array_count(message: program_pb2.Tree) -> int:
    """How many arrays a tree holds."""
    if message.kind == Kind.ARRAY:
        return 1
    return sum([array_count(child) for child in message.children])
