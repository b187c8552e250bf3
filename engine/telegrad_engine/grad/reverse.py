"""Reverse mode: from a forward graph, the graph of its gradients. No array is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from telegrad_engine.grad.pieces import put_together
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import RECORDS, OpRecord
from telegrad_proto.ir import Node, Value


def region(roots: Iterable[Value], wrt: Iterable[Value]) -> list[Node]:
    """The nodes on a path along which a gradient flows from `roots`, every node after all that use it.

    Nodes that only lead past the `wrt` values are not in it: what a value in `wrt` was made of does not
    matter unless another of them is behind it.
    """
    targets = {id(v) for v in wrt}
    order: list[Node] = []
    useful: dict[int, bool] = {}
    # Depth first without recursion: a node is left once all its inputs have been.
    for root in roots:
        if root.node is None or id(root.node) in useful:
            continue
        stack: list[tuple[Node, int]] = [(root.node, 0)]
        useful[id(root.node)] = False
        while stack:
            node, position = stack[-1]
            if position < len(node.needs):
                stack[-1] = (node, position + 1)
                value = node.inputs[node.needs[position]]
                if id(value) in targets:
                    useful[id(node)] = True
                below = value.node
                if below is None:
                    continue
                if id(below) not in useful:
                    useful[id(below)] = False
                    stack.append((below, 0))
                elif useful[id(below)]:
                    useful[id(node)] = True
                continue
            stack.pop()
            if useful[id(node)]:
                order.append(node)
                if stack:
                    useful[id(stack[-1][0])] = True
    order.reverse()
    return order


def gradients(
    roots: Sequence[Value],
    cotangents: Sequence[Value | None],
    wrt: Sequence[Value],
    *,
    create_graph: bool = False,
    batch: int | None = None,
) -> tuple[Value, ...]:
    """The gradients of `roots`, weighted by `cotangents`, with respect to `wrt`.

    Args:
        roots: values to differentiate.
        cotangents: one a root, of its spec; None stands for ones.
        wrt: leaves or inner values; one that no root depends on gets zeros.
        create_graph: let gradients flow through the result.
        batch: so many cotangents stand in each of those given, and as many gradients in each result.

    Shape: cotangents[i] like roots[i]; result[k] like wrt[k]; with `batch`, (batch, ...) like these.
    """
    if batch is not None:
        cotangents = [None if ct is None else g.Batched(ct) for ct in cotangents]
    with g.tracking(create_graph):
        nodes = region(roots, wrt)
        cts: dict[tuple[int, int], list[Value]] = {}
        for root, ct in zip(roots, cotangents, strict=True):
            cts.setdefault(_key(root), []).append(g.ones_like(root) if ct is None else ct)
        for node in nodes:
            outputs = tuple(_sum(cts.get((id(node), i))) for i in range(len(node.specs)))
            if all(ct is None for ct in outputs):
                continue
            g.at(node.origin)
            record = RECORDS[node.op.name]
            read = _as_used(node) if create_graph else node.inputs
            for position in node.needs:
                source = node.inputs[position]
                ct = vjp_of(record, node, position, outputs, read)
                if ct is not None:
                    cts.setdefault(_key(source), []).append(_fit(ct, source))
        g.at(0)
        result = []
        for value in wrt:
            found = _sum(cts.get(_key(value)))
            found = g.zeros_like(value) if found is None else found
            result.append(found if batch is None else _whole(found, batch))
    return tuple(result)


def _whole(value: Value, batch: int) -> Value:
    """All of a batch of gradients; one that no cotangent reached, or all of them alike, is repeated."""
    if isinstance(value, g.Batched):
        return value.whole
    return g.broadcast_to(value, (batch, *value.spec.shape))


def _as_used(node: Node) -> tuple[Value, ...]:
    """A node's inputs, for a derivative that is differentiated again.

    One value may be used with a gradient in one place and without in another, as a detached tensor is: where
    none was recorded to flow, none flows from the derivative either.
    """
    needs, inputs = node.needs, node.inputs
    if not any(v.differentiable and i not in needs for i, v in enumerate(inputs)):
        return inputs
    with g.tracking(False):
        return tuple(
            [v if i in needs or not v.differentiable else g.identity(v) for i, v in enumerate(inputs)]
        )


def vjp_of(
    record: OpRecord,
    node: Node,
    position: int,
    cts: tuple[Value | None, ...],
    inputs: tuple[Value, ...] | None = None,
) -> Value | None:
    """What the derivative rule of one input writes for these cotangents of the outputs.

    Args:
        record: the operator's.
        node: what is differentiated.
        position: by which of its inputs.
        cts: the cotangents of its outputs.
        inputs: what the rule reads in place of the node's own.
    """
    read = node.inputs if inputs is None else inputs
    vjp = record.vjp_at(position)
    if vjp is None:
        return None
    named: dict[str, Any] = dict(node.op.named(node.attrs))
    if record.variadic and position >= len(record.inputs) - 1:
        named["position"] = position
    if record.outputs == 1:
        return vjp(cts[0], node.output(0), *read, **named)
    return vjp(cts, node.outputs(), *read, **named)


def _key(value: Value) -> tuple[int, int]:
    # A leaf is its own maker; output handles come and go, so a node's outputs are named by the node.
    return (id(value), -1) if value.node is None else (id(value.node), value.index)


def _sum(cts: list[Value] | None) -> Value | None:
    """The sum of what has come to a value, which takes its parts' place."""
    if cts is None:
        return None
    if len(cts) > 1:
        total, *others = put_together(cts)
        for ct in others:
            total = g.add(total, ct)
        cts[:] = [total]
    return cts[0]


def _fit(ct: Value, source: Value) -> Value:
    """The cotangent summed over what broadcasting repeated, real where the input is real."""
    if not source.spec.dtype.is_complex:
        ct = g.real(ct)
    return g.sum_to(ct, source.spec.shape)
