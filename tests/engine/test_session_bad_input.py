"""A wrong fragment is refused with its reason and changes nothing: the right one still works afterwards."""
# ruff: noqa: E501 - a table reads best with one case a line

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from telegrad_engine.session import EngineSession
from telegrad_proto import dtypes
from telegrad_proto.codec import encode_attrs
from telegrad_proto.limits import (
    MAX_ATTR_ITEMS,
    MAX_ATTR_TEXT,
    MAX_FRAGMENT_BACKWARDS,
    MAX_FRAGMENT_ENTRIES,
    MAX_FRAGMENT_NODES,
    MAX_PAYLOAD_BYTES,
    MAX_RANK,
    MAX_VALUE_ID,
)
from telegrad_proto.opset import Attribute
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import session_pb2
from tests.engine.drafts import Draft, error_of, f32, i64, state_of

A = f32([[1, 2, 3], [4, 5, 6]])


class Scene:
    """A session in which something has happened, and a right fragment for it that tests make wrong.

    Before: leaves a and n (integers), y = a * a computed, p a pending gradient not computed, r released.
    The fragment: leaf b, m = a * b, s = sum of m, g = ds/da, and a demand for the old pending gradient.
    """

    def __init__(self) -> None:
        self.draft = draft = Draft(first_id=10)
        self.a = draft.leaf(A, grad=True)
        self.n = draft.leaf(i64([2, 0, 1]))
        self.y = draft.node("mul", self.a, self.a)
        total = draft.node("sum", self.y, attrs=((0, 1), False))
        (self.p,) = draft.backward([total], [self.a], retain_graph=True)
        self.r = draft.leaf(A)
        self.digest = draft.put(bytes(24))
        draft.fetch(self.y)
        draft.release(self.r)
        draft.done()
        self.b = draft.leaf(2 * A)
        self.m = draft.node("mul", self.a, self.b)
        self.s = draft.node("sum", self.m, attrs=((0, 1), False))
        (self.g,) = draft.backward([self.s], [self.a], retain_graph=True)
        draft.fragment.fetches.extend([self.s, self.g])
        draft.fragment.demands.append(self.p)

    def assert_works(self) -> None:
        s, g = self.draft.fetch()
        np.testing.assert_array_equal(s, (2 * A * A).sum())
        np.testing.assert_array_equal(g, 2 * A)
        (p,) = self.draft.fetch(self.p)
        np.testing.assert_array_equal(p, 2 * A)


Fragment = session_pb2.Fragment


def attrs(*values: object) -> bytes:
    return encode_attrs(values)  # type: ignore[arg-type]


def node(
    f: Fragment, op: str, *inputs: int, data: bytes = b"", output: int = 1000, needs: Sequence[int] = ()
) -> Fragment:
    f.nodes.add(op=op, inputs=inputs, attrs=data, output=output, needs=needs)
    return f


def leaf(
    f: Fragment, shape: tuple[int, ...], dtype: int = 11, *, id_: int = 1000, **content: bytes
) -> Fragment:
    added = f.leaves.add(id=id_, **content)
    added.spec.dtype = dtype  # type: ignore[assignment]
    added.spec.shape.extend(shape)
    return f


def backward(
    f: Fragment, roots: list[int], wrt: list[int], cotangents: list[int] | None = None, **kwargs: Any
) -> Fragment:
    kwargs.setdefault("gradients", [1000 + i for i in range(len(wrt))])
    kwargs.setdefault("after", len(f.nodes))
    cts = [0] * len(roots) if cotangents is None else cotangents
    f.backwards.add(roots=roots, wrt=wrt, cotangents=cts, **kwargs)
    return f


F32, I64 = dtypes.float32, dtypes.int64
SUM = attrs((0, 1), False)

CASES: list[tuple[str, str, Callable[[Scene, Fragment], object]]] = [
    # operators and their inputs
    ("unknown operator", "UNKNOWN_OPERATOR", lambda s, f: node(f, "frobnicate", s.a)),
    ("operator without a name", "UNKNOWN_OPERATOR", lambda s, f: node(f, "", s.a)),
    ("long operator name", "UNKNOWN_OPERATOR", lambda s, f: node(f, "mul" * 100_000, s.a, s.a)),
    ("the engine's own operator", "UNKNOWN_OPERATOR", lambda s, f: node(f, "gradient", s.a)),
    ("too few inputs", "ARITY", lambda s, f: node(f, "mul", s.a)),
    ("too many inputs", "ARITY", lambda s, f: node(f, "mul", s.a, s.a, s.a)),
    ("no input", "ARITY", lambda s, f: node(f, "sin")),
    ("input where none belongs", "ARITY", lambda s, f: node(f, "iota", s.a, data=attrs(3, F32))),
    ("shapes that do not broadcast", "SHAPE", lambda s, f: (leaf(f, (2,), data=bytes(8)), node(f, "mul", s.a, 1000, output=1001))),
    ("element types that differ", "DTYPE", lambda s, f: node(f, "mul", s.a, s.n)),
    ("element type of another kind", "DTYPE", lambda s, f: node(f, "sin", s.n)),
    ("matrix product of vectors", "SHAPE", lambda s, f: node(f, "matmul", s.n, s.n)),
    # attributes
    ("attributes missing", "ARITY", lambda s, f: node(f, "sum", s.a)),
    ("an attribute too many", "ARITY", lambda s, f: node(f, "sum", s.a, data=attrs((0,), False, 1))),
    ("attributes where none belong", "ARITY", lambda s, f: node(f, "mul", s.a, s.a, data=attrs(1))),
    ("text for a list", "ATTRIBUTE_TYPE", lambda s, f: node(f, "sum", s.a, data=attrs("0", False))),
    ("a number for a list", "ATTRIBUTE_TYPE", lambda s, f: node(f, "sum", s.a, data=attrs(0, False))),
    ("a number for a truth value", "ATTRIBUTE_TYPE", lambda s, f: node(f, "sum", s.a, data=attrs((0,), 1))),
    ("floats for integers", "ATTRIBUTE_TYPE", lambda s, f: node(f, "sum", s.a, data=attrs((0.5,), False))),
    ("truth values for integers", "ATTRIBUTE_TYPE", lambda s, f: node(f, "sum", s.a, data=attrs((True,), False))),
    ("a truth value for a number", "ATTRIBUTE_TYPE", lambda s, f: node(f, "iota", data=attrs(True, F32))),
    ("a number for an element type", "ATTRIBUTE_TYPE", lambda s, f: node(f, "cast", s.a, data=attrs(11))),
    ("None where a value belongs", "ATTRIBUTE_TYPE", lambda s, f: node(f, "cast", s.a, data=attrs(None))),
    ("an element type that is none", "DTYPE", lambda s, f: node(f, "cast", s.a, data=b"\x0a\x02\x30\x63")),
    ("attributes that are garbage", "PAYLOAD", lambda s, f: node(f, "sum", s.a, data=b"\xff\xff\xff")),
    ("attributes cut off", "PAYLOAD", lambda s, f: node(f, "sum", s.a, data=SUM[:-1])),
    ("a list too long", "LIMIT", lambda s, f: node(f, "sum", s.a, data=attrs((0,) * (MAX_ATTR_ITEMS + 1), False))),
    ("an axis too large", "AXIS", lambda s, f: node(f, "sum", s.a, data=attrs((2,), False))),
    ("an axis below zero", "AXIS", lambda s, f: node(f, "sum", s.a, data=attrs((-1,), False))),
    # sizes
    ("a product past 2^63", "LIMIT", lambda s, f: node(f, "full", data=attrs((2**32, 2**32), 0.0, F32))),
    ("bytes past 2^63", "LIMIT", lambda s, f: node(f, "full", data=attrs((2**60,), 0.0, F32))),
    ("a product that wraps to zero", "LIMIT", lambda s, f: node(f, "full", data=attrs((2**32, 2**32, 0), 0.0, F32))),
    ("a dimension too large", "LIMIT", lambda s, f: node(f, "iota", data=attrs(2**63 - 1, F32))),
    ("broadcast past 2^63", "LIMIT", lambda s, f: node(f, "broadcast_to", s.a, data=attrs((2**62, 2, 3)))),
    ("padding past 2^63", "LIMIT", lambda s, f: node(f, "pad", s.n, data=attrs((2**62,), (2**62,), (0,), 0))),
    ("interior padding past 2^63", "LIMIT", lambda s, f: node(f, "pad", s.n, data=attrs((0,), (0,), (2**62,), 0))),
    ("a negative dimension", "SHAPE", lambda s, f: node(f, "full", data=attrs((2, -1), 0.0, F32))),
    ("too many dimensions", "LIMIT", lambda s, f: node(f, "full", data=attrs((1,) * (MAX_RANK + 1), 0.0, F32))),
    ("a leaf past 2^63", "LIMIT", lambda s, f: leaf(f, (2**62, 4))),
    ("a leaf of a million dimensions", "LIMIT", lambda s, f: leaf(f, (1,) * 1_000_000)),
    ("a leaf of a negative dimension", "SHAPE", lambda s, f: leaf(f, (-2,), data=bytes(8))),
    # ids
    ("a cycle", "STRUCTURE", lambda s, f: node(f, "sin", 1000)),
    ("a forward reference", "STRUCTURE", lambda s, f: (node(f, "sin", 1001), node(f, "sin", s.a, output=1001))),
    ("input 0", "STRUCTURE", lambda s, f: node(f, "sin", 0)),
    ("output 0", "STRUCTURE", lambda s, f: node(f, "sin", s.a, output=0)),
    ("an input that was released", "STRUCTURE", lambda s, f: node(f, "sin", s.r)),
    ("an id taken before", "STRUCTURE", lambda s, f: node(f, "sin", s.a, output=s.y)),
    ("an id released before", "STRUCTURE", lambda s, f: node(f, "sin", s.a, output=s.r)),
    ("an id that does not grow", "STRUCTURE", lambda s, f: node(f, "sin", s.a, output=3)),
    ("an id twice, leaf and node", "STRUCTURE", lambda s, f: node(f, "sin", s.a, output=s.b)),
    ("an id twice, two leaves", "STRUCTURE", lambda s, f: leaf(f, (2,), data=bytes(8), id_=s.b)),
    ("an id twice, outputs that overlap", "STRUCTURE", lambda s, f: (node(f, "sin", s.a, output=1001), node(f, "sort", s.a, data=attrs(0, False, True)))),
    ("an id past its bound", "LIMIT", lambda s, f: node(f, "sin", s.a, output=MAX_VALUE_ID + 1)),
    ("outputs past the bound", "LIMIT", lambda s, f: node(f, "sort", s.a, data=attrs(0, False, True), output=MAX_VALUE_ID)),
    ("an unknown id fetched", "STRUCTURE", lambda s, f: f.fetches.append(999)),
    ("an unknown id demanded", "STRUCTURE", lambda s, f: f.demands.append(999)),
    ("an unknown id released", "STRUCTURE", lambda s, f: f.releases.append(999)),
    ("an id released before, again", "STRUCTURE", lambda s, f: f.releases.append(s.r)),
    ("an id released twice", "STRUCTURE", lambda s, f: f.releases.extend([s.y, s.y])),
    ("an id fetched and released", "STRUCTURE", lambda s, f: f.releases.append(s.s)),
    ("an id demanded and released", "STRUCTURE", lambda s, f: f.releases.append(s.p)),
    # leaves
    ("bytes too few", "PAYLOAD", lambda s, f: leaf(f, (2,), data=bytes(7))),
    ("bytes too many", "PAYLOAD", lambda s, f: leaf(f, (2,), data=bytes(9))),
    ("bytes for an empty leaf", "PAYLOAD", lambda s, f: leaf(f, (0, 2), data=bytes(4))),
    ("neither bytes nor digest", "PAYLOAD", lambda s, f: leaf(f, (2,))),
    ("no element type", "DTYPE", lambda s, f: leaf(f, (2,), 0, data=bytes(8))),
    ("an unknown element type", "DTYPE", lambda s, f: leaf(f, (2,), 77, data=bytes(8))),
    ("a truth value of 2", "PAYLOAD", lambda s, f: leaf(f, (2,), 1, data=b"\x00\x02")),
    ("a digest of nothing put", "PAYLOAD", lambda s, f: leaf(f, (2,), digest=bytes(32))),
    ("a digest too short", "PAYLOAD", lambda s, f: leaf(f, (2,), digest=b"abc")),
    ("a payload of another size", "PAYLOAD", lambda s, f: leaf(f, (2,), digest=s.digest)),
    ("an error after a payload was taken", "UNKNOWN_OPERATOR", lambda s, f: (leaf(f, (6,), digest=s.digest), node(f, "oops", 1000))),
    # gradients
    ("needs past the inputs", "STRUCTURE", lambda s, f: node(f, "sin", s.a, needs=[1])),
    ("needs that fall", "STRUCTURE", lambda s, f: node(f, "mul", s.a, s.a, needs=[1, 0])),
    ("needs twice the same", "STRUCTURE", lambda s, f: node(f, "mul", s.a, s.a, needs=[0, 0])),
    ("needs of an integer", "GRADIENT", lambda s, f: node(f, "mul", s.n, s.n, needs=[0])),
    ("needs of an operator without", "GRADIENT", lambda s, f: node(f, "eq", s.a, s.a, needs=[0])),
    ("needs, then an error", "STRUCTURE", lambda s, f: (node(f, "sin", s.b, needs=[0]), node(f, "sin", 1000, output=1000))),
    ("no root", "GRADIENT", lambda s, f: backward(f, [], [s.a])),
    ("nothing to differentiate by", "GRADIENT", lambda s, f: backward(f, [s.s], [])),
    ("a cotangent too few", "ARITY", lambda s, f: backward(f, [s.s], [s.a], [])),
    ("a gradient id too many", "ARITY", lambda s, f: backward(f, [s.s], [s.a], gradients=[1000, 1001])),
    ("an unknown root", "STRUCTURE", lambda s, f: backward(f, [999], [s.a])),
    ("an unknown cotangent", "STRUCTURE", lambda s, f: backward(f, [s.s], [s.a], [999])),
    ("by an unknown value", "STRUCTURE", lambda s, f: backward(f, [s.s], [999])),
    ("a cotangent of another shape", "SHAPE", lambda s, f: backward(f, [s.y], [s.a], [s.s])),
    ("a cotangent of another type", "SHAPE", lambda s, f: (leaf(f, (), 12, data=bytes(8)), backward(f, [s.s], [s.a], [1000], gradients=[1001]))),
    ("an integer root", "GRADIENT", lambda s, f: backward(f, [s.n], [s.a])),
    ("by an integer", "GRADIENT", lambda s, f: backward(f, [s.s], [s.n])),
    ("a gradient's id twice", "STRUCTURE", lambda s, f: backward(f, [s.s], [s.a, s.b], gradients=[1000, 1000])),
    ("a gradient's id taken", "STRUCTURE", lambda s, f: backward(f, [s.s], [s.a], gradients=[s.y])),
    ("a gradient's id taken, create_graph", "STRUCTURE", lambda s, f: backward(f, [s.s], [s.a], gradients=[s.y], create_graph=True)),
    ("after more nodes than there are", "STRUCTURE", lambda s, f: backward(f, [s.s], [s.a], after=3)),
    ("backward before its root", "STRUCTURE", lambda s, f: setattr(f.backwards[0], "after", 1)),
    ("backwards out of order", "STRUCTURE", lambda s, f: backward(f, [s.y], [s.a], after=0)),
    # how much
    ("too many nodes", "LIMIT", lambda s, f: f.nodes.extend([f.nodes[0]] * MAX_FRAGMENT_NODES)),
    ("too many leaves", "LIMIT", lambda s, f: f.leaves.extend([f.leaves[0]] * MAX_FRAGMENT_ENTRIES)),
    ("too many backwards", "LIMIT", lambda s, f: f.backwards.extend([f.backwards[0]] * MAX_FRAGMENT_BACKWARDS)),
    ("too many fetches", "LIMIT", lambda s, f: f.fetches.extend([s.s] * MAX_FRAGMENT_ENTRIES)),
    ("too many demands", "LIMIT", lambda s, f: f.demands.extend([s.s] * MAX_FRAGMENT_ENTRIES)),
    ("too many bytes in leaves", "LIMIT", lambda s, f: [leaf(f, (16384,), data=bytes(65536), id_=1000 + i) for i in range(33)]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "change"), [pytest.param(r, c, id=n) for n, r, c in CASES])
def test_a_wrong_fragment_changes_nothing(reason: str, change: Callable[[Scene, Fragment], object]) -> None:
    scene = Scene()
    right = Fragment.FromString(scene.draft.fragment.SerializeToString())
    change(scene, scene.draft.fragment)
    before = state_of(scene.draft.session)
    outcome = scene.draft.send()
    error = error_of(outcome)
    assert error.reason == reason, error
    assert len(outcome.values) == 0
    assert len(error.message) < 1000
    assert outcome.ByteSize() < 4096
    assert state_of(scene.draft.session) == before
    scene.draft.fragment = right
    scene.assert_works()


def test_the_untouched_fragment_is_right() -> None:
    Scene().assert_works()


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_passes_go_through_a_bounded_number_of_nodes(
    create_graph: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telegrad_engine.session.MAX_BACKWARD_NODES", 100)
    draft = Draft()
    x = y = draft.leaf(f32([1]), grad=True)
    for _ in range(30):
        y = draft.node("neg", y)
    (p,) = draft.backward([y], [x], retain_graph=True)
    draft.done()
    before = state_of(draft.session)
    for _ in range(3):
        draft.backward([y], [x], create_graph=create_graph, retain_graph=True)
    error = error_of(draft.send())
    assert error.reason == "LIMIT"
    assert "at most 100 nodes" in error.message
    assert state_of(draft.session) == before
    draft.fetch(p)
    draft.backward([y], [x], create_graph=create_graph, retain_graph=True)
    draft.done()


def test_a_refused_node_is_named() -> None:
    scene = Scene()
    node(scene.draft.fragment, "sum", scene.a, data=attrs((5,), False))
    error = error_of(scene.draft.send())
    assert error.details["node"] == "1000"


def test_a_text_attribute_has_a_bound() -> None:
    with pytest.raises(ValueError, match=f"at most {MAX_ATTR_TEXT} characters"):
        Attribute("how", "str").check("op", "x" * (MAX_ATTR_TEXT + 1))


def test_a_payload_in_the_wrong_size_or_with_the_wrong_digest_is_refused() -> None:
    session = EngineSession()
    before = state_of(session)
    data = bytes(range(100))
    sink = session.put(digest_of(data), 100)
    sink.write(data[:60])
    with pytest.raises(ValueError, match="100 bytes announced, got 60") as short:
        sink.finish()
    with pytest.raises(ValueError, match="100 bytes announced, got at least 101"):
        sink.write(data[:41])
    sink.write(data[:40])
    with pytest.raises(ValueError, match="digest") as other:
        sink.finish()
    assert short.value.reason == "PAYLOAD"  # type: ignore[attr-defined]
    assert other.value.reason == "DIGEST"  # type: ignore[attr-defined]
    assert session.missing([digest_of(data)]) == [digest_of(data)]
    with pytest.raises(ValueError, match="32 bytes"):
        session.put(b"short", 100)
    with pytest.raises(ValueError, match="at most"):
        session.put(digest_of(data), MAX_PAYLOAD_BYTES + 1)
    assert state_of(session) == before
    sink = session.put(digest_of(data), 100)
    sink.write(data)
    assert sink.finish() == 100
    assert session.missing([digest_of(data)]) == []


def test_get_of_what_is_not_there() -> None:
    draft = Draft()
    with pytest.raises(ValueError, match="released or never defined"):
        draft.session.get(7)


def test_a_closed_session_says_so() -> None:
    draft = Draft()
    x = draft.leaf(A)
    draft.done()
    draft.session.close()
    assert draft.session.held_bytes == 0
    draft.fragment.fetches.append(x)
    assert error_of(draft.send()).reason == "SESSION_EXPIRED"
    with pytest.raises(RuntimeError, match="closed"):
        draft.session.put(bytes(32), 4)
    with pytest.raises(RuntimeError, match="closed"):
        draft.session.get(x)
