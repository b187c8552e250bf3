"""What has to stay in memory between a forward and a backward pass.

Derived from what the derivative rules read, never listed by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def spent(freed: Sequence[Node]) -> list[Node]:
    """Those of the nodes through which no gradient can go again: what they kept is gone, or they lead to such
    nodes only.

    Args:
        freed: nodes that a backward pass went through which did not retain the graph, users before makers.
    """
    found: dict[int, Node] = {}
    for node in reversed(freed):
        needed = [node.inputs[p].node for p in node.needs]
        if _reads(node) or all(maker is not None and id(maker) in found for maker in needed):
            found[id(node)] = node
    return list(found.values())


def _reads(node: Node) -> bool:
    all_reads = [node.op.reads[node.op.slot(p)] for p in node.needs]
    return any(reads is not None and (reads.inputs or reads.outputs) for reads in all_reads)
