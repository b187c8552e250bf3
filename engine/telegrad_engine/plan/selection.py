"""Which part of the graph an evaluation has to look at, in an order that depends on its structure alone.

The walk starts at the wanted values and stops at arrays that are in memory, except in the region of a pending
backward pass: there it goes on, for derivative rules read structure. Everything met gets a number in the
order of the walk. Two evaluations with equal `key` need the same steps on arrays of the same numbers,
whatever the ids: that key finds the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from telegrad_proto.codec import attr_key
from telegrad_proto.ir import Node, Value


@dataclass(frozen=True, slots=True)
class Selection:
    """What an evaluation looks at.

    Attributes:
        values: by number, a handle on each value met; `buffer` is set where the array is in memory.
        nodes: the nodes walked through, makers before users, with the number of each one's first output.
        number: the numbers by the identity of the handles, all of which `values` keeps alive.
        wanted: numbers of the wanted values.
        key: equal for selections that one plan serves.
    """

    values: list[Value]
    nodes: list[tuple[Node, int]]
    number: dict[int, int]
    wanted: tuple[int, ...]
    key: tuple[Any, ...]


def select(wanted: Sequence[Value], through: AbstractSet[int]) -> Selection:
    """The sub-graph behind `wanted`; `through` are the identities of the nodes in pending backward passes."""
    values: list[Value] = []
    nodes: list[tuple[Node, int]] = []
    number: dict[int, int] = {}
    parts: list[Any] = []
    for start in wanted:
        stack = [start]
        while stack:
            value = stack[-1]
            node = value.node
            if id(value) in number:
                stack.pop()
                continue
            if node is None or (id(node) not in through and value.buffer is not None):
                stack.pop()
                number[id(value)] = len(values)
                values.append(value)
                parts.append(value.spec)
                continue
            found: list[int] = []
            missing: list[Value] = []
            for v in node.inputs:
                known = number.get(id(v))
                if known is None and v.node is None:  # a leaf needs no second look
                    known = number[id(v)] = len(values)
                    values.append(v)
                    parts.append(v.spec)
                if known is None:
                    missing.append(v)
                else:
                    found.append(known)
            if missing:
                missing.reverse()
                stack += missing
                continue
            stack.pop()
            nodes.append((node, len(values)))
            parts.append(node.op)
            parts.append(node.attr_key if node.attr_key is not None else attr_key(node))
            parts += found
            parts.append(node.needs)
            parts.append(node.freed)
            for output in node.outputs():
                # One that was met before, as an array in memory, has two numbers: the later is the node's.
                number[id(output)] = len(values)
                values.append(output)
                parts.append((output.buffer is not None, output.held, output.spec))
    numbers = tuple([number[id(v)] for v in wanted])
    parts.append(numbers)
    return Selection(values, nodes, number, numbers, tuple(parts))
