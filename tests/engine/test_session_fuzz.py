"""Fragments that no client writes: only documented errors, and an error of the graph changes nothing."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from telegrad_engine.ops.record import RECORDS, Example
from telegrad_engine.session import EngineSession
from telegrad_proto import dtypes
from telegrad_proto.codec import encode_attrs, encode_spec
from telegrad_proto.errors import BY_REASON, EvaluationError, InternalError
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2
from tests.engine.drafts import Draft, f32, i64, state_of

SEED = int(os.environ.get("TELEGRAD_TEST_SEED", "20240229"))
FUZZ = settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
LIMIT_BYTES = 1 << 20

IDS = st.one_of(st.integers(0, 40), st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64 - 1]))
DIMS = st.one_of(st.integers(-2, 4), st.sampled_from([2**16, 2**31, 2**32, 2**62, 2**63 - 1, -(2**63)]))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    DIMS,
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=3),
    st.sampled_from(dtypes.ALL),
)
ATTRS = st.lists(st.one_of(SCALARS, st.lists(DIMS, max_size=4).map(tuple)), max_size=4).map(tuple)
OP_NAMES = st.sampled_from([*OPSET.ops, "gradient", ""])


def start() -> tuple[Draft, session_pb2.Fragment]:
    """A session with live, released, pending and freed values, and a right fragment for it."""
    draft = Draft(EngineSession(limit_bytes=LIMIT_BYTES))
    a = draft.leaf(f32([[1, 2], [3, 4]]), grad=True)
    n = draft.leaf(i64([1, 0]))
    y = draft.node("mul", a, a)
    values = draft.node("sort", y, attrs=(1, False, True))
    picked = draft.node("index", values, n, attrs=((0,),))
    s = draft.node("sum", picked, attrs=((0, 1), False))
    (p,) = draft.backward([s], [a], retain_graph=True)
    draft.fetch(s, values + 1)
    draft.release(picked)
    (q,) = draft.backward([s], [a])
    b = draft.leaf(f32(2))
    draft.done()
    m = draft.node("matmul", a, y)
    z = draft.node("add", draft.node("mul", m, b), q)
    total = draft.node("sum", z, attrs=((0, 1), False))
    c = draft.leaf(f32([1, 2]), grad=True)
    (g,) = draft.backward([total], [a], create_graph=True)
    (h,) = draft.backward([g], [a, c][:1], cotangents=[y])
    draft.fragment.fetches.extend([total, g, h])
    draft.fragment.demands.append(p)
    draft.fragment.releases.append(n)
    return draft, draft.fragment


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, int, Any]]:
    """Changes of a fragment: which, where, and to what."""
    changes = {
        "op": OP_NAMES,
        "input": IDS,
        "more inputs": st.lists(IDS, max_size=3),
        "output": IDS,
        "attrs": st.one_of(ATTRS.map(encode_or_garbage), st.binary(max_size=12)),
        "needs": st.lists(st.integers(0, 4), max_size=3),
        "leaf id": IDS,
        "leaf shape": st.lists(DIMS, max_size=4),
        "leaf dtype": st.integers(0, 20),
        "leaf data": st.binary(max_size=20),
        "leaf digest": st.binary(max_size=33),
        "after": st.integers(0, 9),
        "roots": st.lists(IDS, max_size=3),
        "cotangents": st.lists(IDS, max_size=3),
        "wrt": st.lists(IDS, max_size=3),
        "gradients": st.lists(IDS, max_size=3),
        "retain_graph": st.booleans(),
        "create_graph": st.booleans(),
        "fetches": st.lists(IDS, max_size=4),
        "demands": st.lists(IDS, max_size=4),
        "releases": st.lists(IDS, max_size=4),
        "swap nodes": st.none(),
        "drop node": st.none(),
        "drop leaf": st.none(),
    }
    kinds = draw(st.lists(st.sampled_from(sorted(changes)), min_size=1, max_size=4))
    return [(kind, draw(st.integers(0, 7)), draw(changes[kind])) for kind in kinds]


def encode_or_garbage(values: tuple[Any, ...]) -> bytes:
    try:
        return encode_attrs(values)
    except (ValueError, TypeError, UnicodeEncodeError):
        return b"\xff"


def edit(f: session_pb2.Fragment, kind: str, where: int, what: Any) -> None:
    if kind in ("fetches", "demands", "releases"):
        getattr(f, kind).extend(what)
    elif kind == "drop node" and f.nodes:
        del f.nodes[where % len(f.nodes)]
    elif kind == "drop leaf" and f.leaves:
        del f.leaves[where % len(f.leaves)]
    elif kind == "swap nodes" and f.nodes:
        nodes = [type(n).FromString(n.SerializeToString()) for n in f.nodes]
        nodes.insert(0, nodes.pop(where % len(nodes)))
        del f.nodes[:]
        f.nodes.extend(nodes)
    elif kind.startswith("leaf") and f.leaves:
        leaf = f.leaves[where % len(f.leaves)]
        if kind == "leaf shape":
            leaf.spec.shape[:] = what
        elif kind == "leaf dtype":
            leaf.spec.dtype = what
        else:
            setattr(leaf, kind.removeprefix("leaf "), what)
    elif kind in ("after", "roots", "cotangents", "wrt", "gradients", "retain_graph", "create_graph"):
        backward = f.backwards[where % len(f.backwards)]
        if isinstance(what, list):
            getattr(backward, kind)[:] = what
        else:
            setattr(backward, kind, what)
    elif f.nodes:
        node = f.nodes[where % len(f.nodes)]
        if kind == "input" and node.inputs:
            node.inputs[where % len(node.inputs)] = what
        elif kind == "more inputs":
            node.inputs.extend(what)
        elif kind == "needs":
            node.needs[:] = what
        elif kind in ("op", "output", "attrs"):
            setattr(node, kind, what)


def assert_harmless(draft: Draft, fragment: session_pb2.Fragment) -> None:
    """Apply it, and hold the session to its promises."""
    before = state_of(draft.session)
    outcome = draft.session.apply(fragment)
    if outcome.error.code:
        error = from_status(outcome.error)
        assert type(error) in BY_REASON.values()
        assert not isinstance(error, InternalError), fragment
        assert not outcome.values
        if not outcome.timings.apply_ns:  # refused, not failed while computing
            assert state_of(draft.session) == before
        else:
            assert isinstance(error, EvaluationError) or error.reason == "GRADIENT"
    x = 2**63 - 2  # ids only grow, and the fragment may have taken nearly all
    if draft.session._last_id < x:
        last = session_pb2.Fragment(seq=99)
        last.leaves.add(id=x, spec=encode_spec(Spec((1,), dtypes.float32)), data=f32([1]).tobytes())
        last.nodes.add(op="neg", inputs=[x], output=x + 1)
        last.fetches.append(x + 1)
        outcome = draft.session.apply(last)
        assert not outcome.error.code, outcome.error
        assert outcome.values[0].data == f32([-1]).tobytes()


@seed(SEED)
@FUZZ
@given(changes=edits())
def test_a_right_fragment_with_fields_changed(changes: list[tuple[str, int, Any]]) -> None:
    draft, fragment = start()
    for kind, where, what in changes:
        edit(fragment, kind, where, what)
    assert_harmless(draft, fragment)


@seed(SEED)
@FUZZ
@given(data=st.data())
def test_a_right_fragment_with_bytes_changed(data: st.DataObject) -> None:
    draft, fragment = start()
    raw = bytearray(fragment.SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        changed = session_pb2.Fragment.FromString(bytes(raw))
    except DecodeError:
        return
    assert_harmless(draft, changed)


@st.composite
def applications(draw: st.DrawFn) -> tuple[str, list[np.ndarray[Any, Any]], bytes]:
    """An operator on what it may or may not take: its own examples, changed here and there."""
    name = draw(st.sampled_from(sorted(RECORDS)))
    op = OPSET[name]
    example: Example = draw(st.sampled_from(RECORDS[name].examples))
    shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
    arrays = []
    for spec in example.specs:
        shape = draw(st.one_of(st.just(spec.shape), shapes))
        dtype = draw(st.one_of(st.just(spec.dtype), st.just(spec.dtype), st.sampled_from(dtypes.ALL)))
        fill = draw(st.sampled_from([0, 1, 2, 3, -1, 0.5, np.nan, np.inf]))
        with np.errstate(all="ignore"):
            arrays.append(np.array(np.full(shape, fill)).astype(dtype.typestr))
    values = [
        draw(st.one_of(st.just(example.attrs[a.name]), st.just(example.attrs[a.name]), SCALARS))
        if draw(st.integers(0, 3)) or not isinstance(example.attrs[a.name], tuple)
        else tuple(draw(st.lists(DIMS, max_size=3)))
        for a in op.attributes
    ]
    return name, arrays, encode_or_garbage(tuple(values))


@seed(SEED)
@settings(FUZZ, max_examples=1000)
@given(application=applications())
def test_an_operator_on_anything(application: tuple[str, list[np.ndarray[Any, Any]], bytes]) -> None:
    name, arrays, attrs = application
    op = OPSET[name]
    draft = Draft(EngineSession(limit_bytes=LIMIT_BYTES))
    ids = [draft.leaf(a) for a in arrays]
    needs = [i for i, a in enumerate(arrays) if op.reads[op.slot(i)] is not None and a.dtype.kind in "fc"]
    out = draft.new_id(op.outputs)
    draft.fragment.nodes.add(op=name, inputs=ids, attrs=attrs, output=out, needs=needs)
    draft.fragment.demands.extend(range(out, out + op.outputs))
    assert_harmless(draft, draft.fragment)
