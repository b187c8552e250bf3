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

ValueKey = tuple[int, int]


def value_key(value: Value) -> ValueKey:
    """What names a value while the graph stands still: its node and output, or the leaf itself."""
    return (id(value), -1) if value.node is None else (id(value.node), value.index)


@dataclass(frozen=True, slots=True)
class Selection:
    """What an evaluation looks at.

    Attributes:
        values: by number, a handle on each value met; `buffer` is set where the array is in memory.
        nodes: the nodes walked through, makers before users, with the number of each one's first output.
        wanted: numbers of the wanted values.
        key: equal for selections that one plan serves.
    """

    values: list[Value]
    nodes: list[tuple[Node, int]]
    number: dict[ValueKey, int]
    wanted: tuple[int, ...]
    key: tuple[Any, ...]


def select(wanted: Sequence[Value], through: AbstractSet[int]) -> Selection:
    """The sub-graph behind `wanted`; `through` identifies the nodes of pending backward passes."""
    values: list[Value] = []
    nodes: list[tuple[Node, int]] = []
    number: dict[ValueKey, int] = {}
    parts: list[Any] = []
    for start in wanted:
        stack = [start]
        while stack:
            value = stack[-1]
            node = value.node
            if node is None:
                stack.pop()
                key = (id(value), -1)
                if key not in number:
                    number[key] = len(values)
                    values.append(value)
                    parts.append(value.spec)
                continue
            key = (id(node), value.index)
            if key in number:
                stack.pop()
                continue
            if id(node) not in through and value.buffer is not None:
                stack.pop()
                number[key] = len(values)
                values.append(value)
                parts.append(value.spec)
                continue
            missing = [v for v in node.inputs if value_key(v) not in number]
            if missing:
                missing.reverse()
                stack.extend(missing)
                continue
            stack.pop()
            nodes.append((node, len(values)))
            parts.append(node.op)
            parts.append(node.attr_key if node.attr_key is not None else attr_key(node))
            parts.extend([number[value_key(v)] for v in node.inputs])
            parts.append(node.needs)
            parts.append(node.freed)
            for output in node.outputs():
                # An output met before as an array in memory keeps both numbers: the later one is the node's
                # own.
                number[id(node), output.index] = len(values)
                values.append(output)
                parts.append((output.buffer is not None, output.held, output.spec))
    numbers = tuple([number[value_key(v)] for v in wanted])
    parts.append(numbers)
    return Selection(values, nodes, number, numbers, tuple(parts))
