"""Backward requests with many cotangents; those with one are tested with the codec."""

from __future__ import annotations

import pytest

from telegrad_proto import dtypes
from telegrad_proto.backward import batch_of, decode_backward
from telegrad_proto.errors import ArityError, LimitError, ShapeError
from telegrad_proto.ir import Value
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2

VALUES = {
    1: Value(Spec((2,), dtypes.float32)),
    2: Value(Spec((5, 2), dtypes.float32)),
    3: Value(Spec((), dtypes.float32)),
    4: Value(Spec((4, 2), dtypes.float32)),
    5: Value(Spec((2**40,), dtypes.float32)),
    6: Value(Spec((2**30,), dtypes.float32)),
}


def lookup(id_: int, where: str) -> Value:
    assert where == "backward"
    return VALUES[id_]


def message(cotangents: list[int], wrt: int = 1, root: int = 1) -> graph_pb2.Backward:
    roots = [root] * len(cotangents)
    return graph_pb2.Backward(roots=roots, cotangents=cotangents, wrt=[wrt], gradients=[9], batched=True)


def test_the_length_of_the_leading_axis_is_found() -> None:
    tracked: list[Value] = []
    decoded = decode_backward(message([0, 2]), value=lookup, track=tracked.append)
    assert decoded.batch == 5
    assert decoded.cotangents == (None, VALUES[2])
    assert tracked == []
    request = message([2])
    request.create_graph = True
    decode_backward(request, value=lookup, track=tracked.append)
    assert tracked == [VALUES[2]]
    request.batched = False
    request.cotangents[:] = [1]
    assert decode_backward(request, value=lookup, track=tracked.append).batch is None


@pytest.mark.parametrize(
    ("error", "text", "request_"),
    [
        (ArityError, "requires a cotangent, got none", message([0])),
        (ShapeError, "has a leading axis", message([3])),
        (ShapeError, "root's shape and type", message([1])),
        (ShapeError, "root's shape and type", message([2, 4])),
        (LimitError, "at most", message([6], wrt=5, root=3)),
    ],
)
def test_requests_that_cannot_be(error: type[Exception], text: str, request_: graph_pb2.Backward) -> None:
    with pytest.raises(error, match=text):
        decode_backward(request_, value=lookup, track=lambda value: None)


def test_a_batch_of_a_spec() -> None:
    spec = Spec((2,), dtypes.int64)
    assert batch_of(spec, None) is spec
    assert batch_of(spec, 3) is Spec((3, 2), dtypes.int64)
