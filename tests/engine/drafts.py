"""Writes fragments as a client does: ids that grow, inputs that need a gradient, answers as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from telegrad_engine.session import EngineSession
from telegrad_proto.codec import encode_attrs, encode_spec
from telegrad_proto.dtypes import by_typestr, of_code
from telegrad_proto.errors import TelegradError
from telegrad_proto.ir import Node, Value
from telegrad_proto.limits import INLINE_BYTES
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.payload import chunks_of, digest_of
from telegrad_proto.spec import Spec
from telegrad_proto.status import from_status
from telegrad_proto.v1 import graph_pb2, session_pb2

Array = np.ndarray[Any, Any]


def f32(data: Any) -> Array:
    return np.array(data, np.float32)


def f64(data: Any) -> Array:
    return np.array(data, np.float64)


def c128(data: Any) -> Array:
    return np.array(data, np.complex128)


def i64(data: Any) -> Array:
    return np.array(data, np.int64)


def spec_of(array: Array) -> Spec:
    """The spec of a NumPy array in the machine's own byte order."""
    return Spec(array.shape, by_typestr[array.dtype.str])


def error_of(outcome: session_pb2.Outcome) -> TelegradError:
    """The error that an outcome tells of; a test that asks expects one."""
    assert outcome.error.code, f"no error in {outcome}"
    return from_status(outcome.error)


class Draft:
    """A fragment under work, and the session that it is for.

    Attributes:
        fragment: what `send` will apply; tests may write into it what no client would.
        outcome: of the last `send`.
    """

    def __init__(self, session: EngineSession | None = None, *, first_id: int = 1) -> None:
        self.session = session or EngineSession()
        self.fragment = session_pb2.Fragment(seq=1)
        self.outcome = session_pb2.Outcome()
        self.next_id = first_id
        self.specs: dict[int, tuple[Spec, ...]] = {}
        self.grad: set[int] = set()

    def new_id(self, count: int = 1) -> int:
        first = self.next_id
        self.next_id += count
        return first

    def leaf(self, array: Any, *, grad: bool = False) -> int:
        """A new leaf's id; large arrays go by Put."""
        data = np.ascontiguousarray(array)
        spec = spec_of(data.reshape(np.shape(array)))
        message = self.fragment.leaves.add(id=self.new_id(), spec=encode_spec(spec))
        if data.nbytes <= INLINE_BYTES:
            message.data = data.tobytes()
        else:
            message.digest = self.put(data.tobytes())
        self._named(message.id, (spec,))
        if grad:
            self.grad.add(message.id)
        return message.id

    def put(self, data: bytes) -> bytes:
        """Hand over a payload; its digest."""
        digest = digest_of(data)
        sink = self.session.put(digest, len(data))
        for chunk in chunks_of(data):
            sink.write(chunk)
        sink.finish()
        return digest

    def node(
        self, name: str, *inputs: int, attrs: tuple[AttrValue, ...] = (), needs: Sequence[int] | None = None
    ) -> int:
        """The id of the operator's first output; without `needs`, gradients flow wherever they can."""
        op = OPSET[name]
        specs = op.infer(tuple(self.specs[i][0] for i in inputs), attrs)
        if needs is None:
            needs = [p for p, i in enumerate(inputs) if i in self.grad and op.reads[op.slot(p)] is not None]
        first = self.new_id(len(specs))
        self.fragment.nodes.append(
            graph_pb2.Node(op=name, inputs=inputs, attrs=encode_attrs(attrs, op), output=first, needs=needs)
        )
        for index, spec in enumerate(specs):
            self._named(first + index, (spec,))
            if needs and spec.dtype.is_differentiable:
                self.grad.add(first + index)
        return first

    def backward(
        self,
        roots: Sequence[int],
        wrt: Sequence[int],
        *,
        cotangents: Sequence[int] | None = None,
        retain_graph: bool = False,
        create_graph: bool = False,
    ) -> list[int]:
        """The ids of the gradients."""
        ids = [self.new_id() for _ in wrt]
        self.fragment.backwards.add(
            after=len(self.fragment.nodes),
            roots=roots,
            cotangents=cotangents if cotangents is not None else [0] * len(roots),
            wrt=wrt,
            gradients=ids,
            retain_graph=retain_graph,
            create_graph=create_graph,
        )
        for id_, by in zip(ids, wrt, strict=True):
            self._named(id_, self.specs[by])
            if create_graph:
                self.grad.add(id_)
        return ids

    def fetch(self, *ids: int) -> list[Array]:
        """Send the fragment, the values of these ids asked for; an error is raised."""
        self.fragment.fetches.extend(ids)
        outcome = self.send()
        if outcome.error.code:
            raise error_of(outcome)
        return [self.array(v) for v in outcome.values]

    def demand(self, *ids: int) -> None:
        self.fragment.demands.extend(ids)

    def release(self, *ids: int) -> None:
        self.fragment.releases.extend(ids)
        for id_ in ids:
            self.specs.pop(id_, None)

    def release_all_but(self, *ids: int) -> None:
        """Release what the client's variables would no longer name."""
        self.release(*(self.specs.keys() - set(ids)))

    def send(self) -> session_pb2.Outcome:
        """Apply the fragment, through its bytes as on a network, and begin the next."""
        fragment, self.fragment = self.fragment, session_pb2.Fragment(seq=self.fragment.seq + 1)
        fragment = session_pb2.Fragment.FromString(fragment.SerializeToString())
        self.outcome = self.session.apply(fragment)
        return self.outcome

    def done(self) -> session_pb2.Outcome:
        """Send, and raise the outcome's error if it has one."""
        outcome = self.send()
        if outcome.error.code:
            raise error_of(outcome)
        return outcome

    def array(self, fetched: session_pb2.Fetched) -> Array:
        """The array in an answer, or behind it."""
        dtype = np.dtype(of_code(fetched.spec.dtype).typestr)
        data = self.session.get(fetched.id)[1] if fetched.by_get else fetched.data
        return np.frombuffer(data, dtype).reshape(tuple(fetched.spec.shape))

    def _named(self, id_: int, specs: tuple[Spec, ...]) -> None:
        self.specs[id_] = specs


def state_of(session: EngineSession) -> list[object]:
    """All that a session is, in parts that compare equal only when nothing has changed."""
    names: dict[int, Value] = session._names
    nodes: dict[int, Node] = {}
    stack = [v.node for v in names.values() if v.node is not None]
    stack += [n for entry in session._pending for n in (entry.node, *entry.region)]
    while stack:
        node = stack.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            stack += [v.node for v in node.inputs if v.node is not None]
    return [
        sorted((i, id(v), v.id, v.held, v.tracked, id(v.node), id(v.buffer)) for i, v in names.items()),
        sorted((i, id(b)) for i, b in session._buffers.items()),
        sorted((i, n.freed, n.needs, n.origin, tuple(map(id, n.saved))) for i, n in nodes.items()),
        [id(entry) for entry in session._pending],
        session._last_id,
        session.held_bytes,
        session.residuals().SerializeToString(deterministic=True),
        session._payloads.digests(),
    ]
