"""What is recorded, as the wire has it."""

from __future__ import annotations

from telegrad.wire.entries import BackwardEntry
from telegrad_proto.v1 import graph_pb2


def test_a_request_says_all_that_the_wire_asks() -> None:
    request = BackwardEntry(7, (1, 2), (3, 0), (4,), (8,), True, False, True)
    fields = request.fields()
    assert set(fields) == {field.name for field in graph_pb2.Backward.DESCRIPTOR.fields}
    message = graph_pb2.Backward(**fields)
    assert (message.after, list(message.cotangents), message.create_graph) == (7, [3, 0], False)
    assert message.retain_graph
    assert message.batched
