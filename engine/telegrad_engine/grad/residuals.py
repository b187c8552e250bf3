"""What has to stay in memory between a forward and a backward pass.

Derived from what the derivative rules read, never listed by hand.
"""

from __future__ import annotations

from telegrad_proto.ir import Node, Value


def residuals_of(node: Node) -> list[Value]:
    """The values that the derivatives of this node will read, each once.

    Only the inputs through which a gradient may flow count: with a constant weight the data is not kept.
    """
    found: dict[tuple[int, int], Value] = {}
    for position in node.needs:
        reads = node.op.reads_at(position, len(node.inputs))
        if reads is None:
            continue
        for index in reads.inputs:
            value = node.inputs[index]
            found[(id(value), -1) if value.node is None else (id(value.node), value.index)] = value
        for index in reads.outputs:
            found[id(node), index] = node.output(index)
    return list(found.values())
