"""The graph in memory: values, and the applications of operators that make them.

A Value is a handle: a spec, and the node that makes it. A node knows its inputs, never its outputs (except
weakly), so a graph has no reference cycle and dies, with the memory it holds, the moment the last handle on
it goes.

What is in device memory is a Buffer. Who needs the array holds the Buffer: a live id in the session's table,
or a node whose derivative will read it. Nodes point to the Buffers of their outputs weakly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import ref

from telegrad_proto.opset import AttrValue, Op
from telegrad_proto.spec import Spec


class Ledger:
    """How many bytes a session's buffers hold together."""

    __slots__ = ("__weakref__", "held_bytes")

    def __init__(self) -> None:
        self.held_bytes = 0


class Buffer:
    """An array in device memory; it lives, and is counted, as long as somebody holds this object."""

    __slots__ = ("__weakref__", "_ledger", "array", "nbytes")

    def __init__(self, array: Any, nbytes: int, ledger: Ledger) -> None:
        self.array = array
        self.nbytes = nbytes
        self._ledger = ledger
        ledger.held_bytes += nbytes

    def __del__(self) -> None:
        self._ledger.held_bytes -= self.nbytes


class Node:
    """One application of an operator.

    Attributes:
        op: the catalogue's entry.
        inputs: the values it reads.
        attrs: attribute values in declared order; `attr_key` is their exact wire form, in which -0.0 and 0.0
            differ.
        needs: input positions through which a gradient may flow; empty: recorded without gradient.
        cells: for each output a weak reference to its Buffer, None before it is computed.
        saved: the Buffers that its derivative will read.
        freed: a backward pass that did not retain the graph went through it.
        dropped: for want of memory, some of what its derivative will read is not saved but computed again.
        origin: the client's id of its first output; for a node of a gradient's own graph, that of the forward
            node it belongs to.
    """

    __slots__ = (
        "_outputs",
        "attr_key",
        "attrs",
        "cells",
        "dropped",
        "freed",
        "inputs",
        "needs",
        "op",
        "origin",
        "saved",
        "specs",
    )

    def __init__(
        self,
        op: Op,
        inputs: tuple[Value, ...],
        attrs: tuple[AttrValue, ...],
        specs: tuple[Spec, ...],
        needs: tuple[int, ...] = (),
        attr_key: bytes | None = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.attr_key = attr_key
        self.specs = specs
        self.needs = needs
        self.cells: list[ref[Buffer] | None] = [None] * len(specs)
        self.saved: tuple[Buffer, ...] = ()
        self.freed = False
        self.dropped = False
        self.origin = 0
        self._outputs: list[ref[Value] | None] = [None] * len(specs)

    def output(self, index: int = 0) -> Value:
        """The value that is this output; the same object as long as anybody holds it."""
        known = self._outputs[index]
        value = known() if known is not None else None
        if value is None:
            value = Value(self.specs[index], self, index)
            self._outputs[index] = ref(value)
        return value

    def outputs(self) -> tuple[Value, ...]:
        return tuple([self.output(i) for i in range(len(self.specs))])

    def forget(self, index: int) -> None:
        """Let go of the handle on this output, which stands on its own now; `output` makes another."""
        self._outputs[index] = None

    def living_outputs(self) -> list[Value]:
        """The outputs that somebody still has a handle on."""
        return [v for known in self._outputs if known is not None and (v := known()) is not None]

    def __repr__(self) -> str:
        return f"<Node {self.op.name} -> {', '.join(map(repr, self.specs))}>"


class Value:
    """A graph handle: one output of a node, or a leaf.

    Attributes:
        spec: shape and element type.
        node: what makes it; None for a leaf.
        index: which of the node's outputs.
        leaf: a leaf's Buffer.
        tracked: some node needs a gradient for it although its own maker, if any, lets none through (a leaf
            of autograd).
        held: a live id names it, so its array is kept once computed.
        id: the id under which the client named it, else 0.
    """

    __slots__ = ("__weakref__", "held", "id", "index", "leaf", "node", "spec", "tracked")

    def __init__(
        self, spec: Spec, node: Node | None = None, index: int = 0, *, leaf: Buffer | None = None
    ) -> None:
        self.spec = spec
        self.node = node
        self.index = index
        self.leaf = leaf
        self.tracked = False
        self.held = False
        self.id = 0

    @property
    def buffer(self) -> Buffer | None:
        """The array in memory, if it is there."""
        if self.node is None:
            return self.leaf
        cell = self.node.cells[self.index]
        return None if cell is None else cell()

    @property
    def differentiable(self) -> bool:
        """Whether a gradient can flow to it."""
        return self.tracked or self.inner

    @property
    def inner(self) -> bool:
        """Whether a gradient can flow through it, to what it was made of."""
        return self.node is not None and bool(self.node.needs) and self.spec.dtype.is_differentiable

    def cut(self, buffer: Buffer) -> None:
        """Make it a leaf: its array is here and nobody differentiates through it, so its history may go."""
        if self.node is not None:
            self.node.forget(self.index)
        self.node = None
        self.index = 0
        self.leaf = buffer

    def __repr__(self) -> str:
        maker = "leaf" if self.node is None else self.node.op.name
        return f"<Value {maker} {self.spec!r}>"


def apply_op(op: Op, inputs: Sequence[Value], attrs: tuple[AttrValue, ...], *, track: bool = False) -> Node:
    """A new node; its outputs' specs are inferred.

    Args:
        op: what to apply.
        inputs: to what.
        attrs: in declared order.
        track: let gradients flow through it to those inputs that take one.

    Raises:
        GraphError: the inputs or attributes do not fit the operator.
    """
    values = tuple(inputs)
    specs = op.infer(tuple([v.spec for v in values]), attrs)
    needs: tuple[int, ...] = ()
    if track:
        needs = tuple(
            i for i, v in enumerate(values) if v.differentiable and op.reads[op.slot(i)] is not None
        )
    return Node(op, values, attrs, specs, needs)
