"""The node that stands for a whole backward pass until a plan needs its graph.

A backward request becomes one node whose inputs are the roots, their cotangents and the values to
differentiate by, and whose outputs are the gradients. It is expanded by `grad.reverse` when a plan is
compiled; a plan found in the cache never expands it, which is why a training loop differentiates once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telegrad_proto.backward import batch_of
from telegrad_proto.ir import Node, Value
from telegrad_proto.opset import Attribute, Op

GRADIENT: Final = Op(
    name="gradient",
    inputs=("values",),
    variadic=True,
    attributes=(Attribute("roots", "int"), Attribute("given", "bools"), Attribute("batch", "int?")),
    rule="",
    params={},
    outputs=0,
    reads=(None,),
    vjp_names=(None,),
    doc="A backward pass; made by the engine, never sent.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A backward pass that was asked for and is not computed yet.

    Attributes:
        node: the gradient node.
        region: the forward nodes that it goes through, users before makers.
    """

    node: Node
    region: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a gradient node: `cotangents[i]` is None where ones are meant.

    `batch` is how many cotangents stand in each that is given; None: one, without an axis for it.
    """

    roots: tuple[Value, ...]
    cotangents: tuple[Value | None, ...]
    wrt: tuple[Value, ...]
    batch: int | None = None


def gradient_node(
    roots: tuple[Value, ...],
    cotangents: tuple[Value | None, ...],
    wrt: tuple[Value, ...],
    *,
    batch: int | None = None,
) -> Node:
    """The node that stands for a backward pass; output k is the gradient with respect to `wrt[k]`."""
    given = tuple([ct is not None for ct in cotangents])
    cts = [ct for ct in cotangents if ct is not None]
    specs = tuple([batch_of(v.spec, batch) for v in wrt])
    key = bytes(given) if batch is None else b"%d:" % batch + bytes(given)
    return Node(GRADIENT, (*roots, *cts, *wrt), (len(roots), given, batch), specs, attr_key=key)


def request_of(node: Node) -> Request:
    """The request that a gradient node stands for."""
    count, given, batch = node.attrs
    assert isinstance(count, int), "gradient node with foreign attributes"
    assert isinstance(given, tuple), "gradient node with foreign attributes"
    assert batch is None or isinstance(batch, int), "gradient node with foreign attributes"
    rest = list(node.inputs[count:])
    cts = tuple(rest.pop(0) if flag else None for flag in given)
    return Request(node.inputs[:count], cts, tuple(rest), batch)
