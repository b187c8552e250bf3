"""Nested tuples, lists and dicts of tensors: taken apart, and put together again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Structure:
    """The shape of a tree.

    Attributes:
        kind: the type of the node; None for a leaf.
        keys: a dict's keys.
        children: the sub-trees, in order.
        factory: a defaultdict's.
        filled: a dict's keys in the order in which they came, which makes no other structure.
    """

    kind: type | None
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()
    factory: Any = None
    filled: tuple[Any, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        if self.kind is None:
            return "*"
        inner = [str(child) for child in self.children]
        if self.keys:
            inner = [f"{key!r}: {text}" for key, text in zip(self.keys, inner, strict=True)]
        return f"{self.kind.__name__}({', '.join(inner)})"


LEAF = Structure(None)


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree in order, and its structure; all but tuples, lists and dicts are leaves."""
    leaves: list[Any] = []
    return leaves, _take(tree, leaves)


def _take(tree: Any, leaves: list[Any]) -> Structure:
    kind = type(tree)
    if kind in (tuple, list) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return Structure(kind, (), tuple([_take(child, leaves) for child in tree]))
    if kind in (dict, OrderedDict, defaultdict):
        # Plain dicts are equal whatever the order in which they were filled, and so are their structures.
        keys = list(tree)
        if kind is not OrderedDict:
            try:
                keys.sort()
            except TypeError:
                keys.sort(key=lambda key: (type(key).__name__, str(key)))
        children = tuple([_take(tree[key], leaves) for key in keys])
        return Structure(kind, tuple(keys), children, getattr(tree, "default_factory", None), tuple(tree))
    leaves.append(tree)
    return LEAF


def unflatten(leaves: list[Any], structure: Structure) -> Any:
    """The tree of this structure with these leaves."""
    return _build(iter(leaves), structure)


def _build(leaves: Iterator[Any], structure: Structure) -> Any:
    kind = structure.kind
    if kind is None:
        return next(leaves)
    children = [_build(leaves, child) for child in structure.children]
    if kind in (tuple, list):
        return kind(children)
    if kind in (dict, OrderedDict, defaultdict):
        made = dict(zip(structure.keys, children, strict=True))
        items: Any = [(key, made[key]) for key in structure.filled]
        return defaultdict(structure.factory, items) if kind is defaultdict else kind(items)
    return kind(*children)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with a function applied to its leaves."""
    leaves, structure = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], structure)


def spread(prefix: Any, structure: Structure) -> list[Any] | None:
    """A leaf for each leaf of a structure, from a tree of which it is a refinement; None where it is none.

    A leaf of the prefix stands for all leaves below it.
    """
    found: list[Any] = []
    return found if _spread(prefix, structure, found) else None


def _spread(prefix: Any, structure: Structure, found: list[Any]) -> bool:
    leaves, shape = flatten(prefix)
    if shape.kind is None:
        found += leaves * count(structure)
        return True
    if (
        shape.kind is not structure.kind
        or shape.keys != structure.keys
        or len(shape.children) != len(structure.children)
    ):
        return False
    children = [prefix[key] for key in shape.keys] if shape.keys else list(prefix)
    return all(
        _spread(child, below, found) for child, below in zip(children, structure.children, strict=True)
    )


def count(structure: Structure) -> int:
    """The number of leaves."""
    return 1 if structure.kind is None else sum(count(child) for child in structure.children)
