"""What a session keeps in memory for backward passes to come, as a list that a person can read."""

from __future__ import annotations

from collections.abc import Iterable

from telegrad_engine.grad.residuals import residuals_of
from telegrad_proto.codec import encode_spec
from telegrad_proto.ir import Node, Value
from telegrad_proto.v1 import session_pb2


def residuals_reply(live: Iterable[Value], held_bytes: int) -> session_pb2.ResidualsReply:
    """Every residual behind the live values, once, with the operator whose derivative reads it."""
    reply = session_pb2.ResidualsReply(held_bytes=held_bytes)
    listed: set[int | tuple[int, int]] = set()
    for node in nodes_behind(live):
        if not (node.saved or node.dropped):
            continue
        for value in residuals_of(node):
            buffer, maker = value.buffer, value.node
            name = id(buffer) if buffer is not None else (id(maker), value.index)
            if name in listed or (buffer is None and not node.dropped):
                continue
            listed.add(name)
            reads = f"the derivative of {node.op.name} (value {node.origin}) reads it"
            entry = reply.residuals.add(
                value_id=value.id or (maker.origin if maker is not None else 0),
                op="leaf" if maker is None else maker.op.name,
                size_bytes=value.spec.nbytes if buffer is None else buffer.nbytes,
                decision="recompute" if buffer is None else "save",
                reason=reads if buffer is not None else f"{reads}; there was no room to keep it",
            )
            entry.spec.CopyFrom(encode_spec(value.spec))
    return reply


def nodes_behind(values: Iterable[Value]) -> list[Node]:
    """Every node that the values are made of, makers first."""
    order: list[Node] = []
    seen: set[int] = set()
    for value in values:
        stack = [value.node] if value.node is not None else []
        while stack:
            node = stack[-1]
            below = [v.node for v in node.inputs if v.node is not None and id(v.node) not in seen]
            if id(node) not in seen and below:
                stack.extend(below)
                continue
            stack.pop()
            if id(node) not in seen:
                seen.add(id(node))
                order.append(node)
    return order
