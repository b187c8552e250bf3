"""Values that a client lets go of."""

from __future__ import annotations

from telegrad_engine.releases import release
from telegrad_proto import dtypes
from telegrad_proto.ir import Buffer, Ledger, Value, apply_op
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2, session_pb2

SPEC = Spec((2,), dtypes.float32)
LEDGER = Ledger()


def leaf() -> Value:
    return Value(SPEC, leaf=Buffer(object(), 8, LEDGER))


def session() -> tuple[dict[int, Value], dict[int, Buffer]]:
    """A leaf, 1, and two values computed of it, 2 and 3, all in memory."""
    x = leaf()
    names = {1: x, 2: apply_op(OPSET["sin"], (x,), ()).output(), 3: apply_op(OPSET["cos"], (x,), ()).output()}
    for value in names.values():
        value.held = True
    assert x.leaf is not None
    return names, {1: x.leaf, 2: Buffer(object(), 8, LEDGER), 3: Buffer(object(), 8, LEDGER)}


def reading(*ids: int) -> session_pb2.Fragment:
    return session_pb2.Fragment(nodes=[graph_pb2.Node(op="exp", inputs=[id_], output=9) for id_ in ids])


def test_what_is_read_once_more_is_handed_over() -> None:
    names, buffers = session()
    two, kept = names[2], buffers[2]
    assert release([2, 3], reading(2), names, buffers) == [kept]
    assert list(names) == list(buffers) == [1]
    assert not two.held


def test_cotangents_are_read_too() -> None:
    names, buffers = session()
    kept = buffers[3]
    fragment = session_pb2.Fragment(backwards=[graph_pb2.Backward(roots=[1], cotangents=[3])])
    assert release([2, 3], fragment, names, buffers) == [kept]


def test_what_nobody_reads_goes() -> None:
    names, buffers = session()
    assert release([2, 3], reading(1), names, buffers) == []
    assert list(buffers) == [1]


def test_leaves_are_held_by_their_readers() -> None:
    names, buffers = session()
    assert release([1], reading(1), names, buffers) == []
    assert list(names) == [2, 3]


def test_what_was_never_computed_has_no_array() -> None:
    names, buffers = session()
    del buffers[2]
    assert release([2], reading(2), names, buffers) == []
    assert 2 not in names
