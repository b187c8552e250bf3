"""What is asked of a program, as a graph: its values, gradients of them, directions, gradients row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from telegrad_engine.grad.reverse import gradients, region
from telegrad_engine.ops import emit as g
from telegrad_proto.backward import DecodedBackward
from telegrad_proto.errors import ArgumentError, GradientError, LimitError
from telegrad_proto.ir import Value
from telegrad_proto.limits import MAX_BACKWARD_NODES
from telegrad_proto.program import NOTHING, Blueprint, Graph
from telegrad_proto.spec import Spec

#: In the order of the wire's Mode.
MODES: Final = ("value", "value_and_grad", "vjp", "jvp", "per_sample")


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A graph of leaves without arrays, and what to compute of it.

    Attributes:
        leaves: the inputs, then the extra arrays, then the constants.
        outputs: the program's.
        gradients: what the mode adds.
        nodes: handles on the nodes of the graph, which have to outlive the planning.
    """

    leaves: tuple[Value, ...]
    outputs: tuple[Value, ...]
    gradients: tuple[Value, ...]
    nodes: tuple[Value, ...]


class Differentiator:
    """Expands backward requests inside a program; bounded together."""

    def __init__(self) -> None:
        self._walked = 0

    def __call__(self, request: DecodedBackward) -> Sequence[Value]:
        self._walked += len(region(request.roots, request.wrt))
        if self._walked > MAX_BACKWARD_NODES:
            raise LimitError(f"program: its backward passes go through more than {MAX_BACKWARD_NODES} nodes")
        made = gradients(
            request.roots,
            request.cotangents,
            request.wrt,
            create_graph=request.create_graph,
            batch=request.batch,
        )
        with g.tracking(request.create_graph):
            # One that is its own cotangent, or another's, has a name already.
            return [g.identity(value) for value in made]


def extra_specs(blueprint: Blueprint, mode: str, wrt: Sequence[int], length: int) -> tuple[Spec, ...]:
    """What a call takes beside the inputs: cotangents or tangents."""
    if mode == "vjp":
        outputs = [o for o in blueprint.outputs if o.spec.dtype.is_differentiable]
        return tuple(
            [o.spec.with_shape((length, *o.spec.shape[1:])) if o.batched else o.spec for o in outputs]
        )
    if mode == "jvp":
        specs = blueprint.input_specs(length)
        return tuple([specs[i] for i in wrt])
    return ()


def want(blueprint: Blueprint, mode: str, wrt: Sequence[int], length: int) -> Wanted:
    """The graph of a call.

    Args:
        blueprint: the program.
        mode: one of MODES.
        wrt: positions of the inputs to differentiate by.
        length: of the batch axis.

    Raises:
        GraphError: the program is not one for this mode, or cannot be of this length.
    """
    return _BUILDERS[mode](blueprint, tuple(wrt), length)


def _value(blueprint: Blueprint, wrt: tuple[int, ...], length: int) -> Wanted:
    graph = blueprint.build(length, Differentiator())
    return Wanted((*graph.inputs, *graph.constants), graph.outputs, (), graph.nodes)


def _value_and_grad(blueprint: Blueprint, wrt: tuple[int, ...], length: int) -> Wanted:
    graph = blueprint.build(length, Differentiator())
    found = gradients([_scalar(blueprint, graph)], [None], _chosen(graph, wrt))
    return Wanted((*graph.inputs, *graph.constants), graph.outputs, found, graph.nodes)


def _scalar(blueprint: Blueprint, graph: Graph) -> Value:
    """The output that is differentiated: the first, a number; what else there is, is only handed on."""
    first = graph.outputs[0]
    if first.spec.size != 1 or not first.spec.dtype.is_differentiable:
        raise GradientError(
            f"{blueprint.name or 'program'}: value_and_grad requires a first output that is one floating "
            f"point number, got {first.spec!r}; for others there is vjp"
        )
    return first


def _vjp(blueprint: Blueprint, wrt: tuple[int, ...], length: int) -> Wanted:
    graph = blueprint.build(length, Differentiator())
    roots = [v for v in graph.outputs if v.spec.dtype.is_differentiable]
    if not roots:
        raise GradientError("vjp: no output is floating point or complex")
    cts = tuple([Value(root.spec, leaf=NOTHING) for root in roots])
    found = gradients(roots, cts, _chosen(graph, wrt))
    return Wanted((*graph.inputs, *cts, *graph.constants), graph.outputs, found, graph.nodes)


def _jvp(blueprint: Blueprint, wrt: tuple[int, ...], length: int) -> Wanted:
    """The transpose of the transpose: the pull-back is linear in its cotangents."""
    graph = blueprint.build(length, Differentiator())
    chosen = _chosen(graph, wrt)
    tangents = tuple([Value(v.spec, leaf=NOTHING) for v in chosen])
    roots = [v for v in graph.outputs if v.spec.dtype.is_differentiable]
    weights = [g.zeros_like(root) for root in roots]
    for weight in weights:
        weight.tracked = True
    pulled = gradients(roots, weights, chosen, create_graph=True)
    moved = gradients(pulled, tangents, weights)
    nodes = (*graph.nodes, *weights, *pulled)
    return Wanted((*graph.inputs, *tangents, *graph.constants), graph.outputs, moved, nodes)


def _per_sample(blueprint: Blueprint, wrt: tuple[int, ...], length: int) -> Wanted:
    """Each row as a batch of one: the graph for that, with its gradients, mapped over all rows."""
    if not blueprint.length:
        raise ArgumentError(
            "per_sample: requires a program with a batch axis: trace it with spec((None, ...), dtype)"
        )
    graph = blueprint.build(1, Differentiator())
    found = gradients([_scalar(blueprint, graph)], [None], _chosen(graph, wrt)) if wrt else ()
    leaves = []
    mapped: dict[int, Value] = {}
    for value, given in zip(graph.inputs, blueprint.inputs, strict=True):
        if given.batched:
            spec = value.spec.with_shape((length, *value.spec.shape[1:]))
            leaf = Value(spec, leaf=NOTHING)
            rows = g.reshape(leaf, (length, *value.spec.shape))
            mapped[id(value)] = g.Batched(rows)
        else:
            leaf = mapped[id(value)] = value
        leaves.append(leaf)
    for value in graph.constants:
        mapped[id(value)] = value
    rows_of = _Mapper(mapped, length)
    outputs = [
        rows_of(value, one=of.batched) for value, of in zip(graph.outputs, blueprint.outputs, strict=True)
    ]
    pulled = [rows_of(value, one=blueprint.inputs[i].batched) for value, i in zip(found, wrt, strict=True)]
    alive = (*graph.nodes, *found, *rows_of.alive)
    return Wanted((*leaves, *graph.constants), tuple(outputs), tuple(pulled), alive)


class _Mapper:
    """A graph of one example, for so many rows.

    Args:
        mapped: for leaves, what stands in their place.
        length: how many rows.
    """

    def __init__(self, mapped: dict[int, Value], length: int) -> None:
        self._mapped = mapped
        self._length = length
        self.alive: list[Value] = []

    def __call__(self, value: Value, *, one: bool) -> Value:
        """All rows of a value.

        Args:
            value: of the graph of one example.
            one: it has the batch axis, of length one, which the rows take the place of.

        Shape: (...) gives (length, ...), or where `one` (1, ...) gives (length, ...)
        """
        self._map(value)
        found = self._mapped[id(value)]
        shape = value.spec.shape[1:] if one else value.spec.shape
        if isinstance(found, g.Batched):
            return g.reshape(found.whole, (self._length, *shape))
        return g.broadcast_to(g.reshape(found, (1, *shape)), (self._length, *shape))

    def _map(self, wanted: Value) -> None:
        mapped = self._mapped
        stack = [wanted]
        while stack:
            value = stack[-1]
            node = value.node
            if id(value) in mapped:
                stack.pop()
                continue
            assert node is not None, "leaves are mapped from the start"
            missing = [v for v in node.inputs if id(v) not in mapped]
            if missing:
                stack += missing
                continue
            inputs = tuple([mapped[id(v)] for v in node.inputs])
            outputs = node.outputs()
            self.alive += outputs
            batched = any(isinstance(v, g.Batched) for v in inputs)
            made = g.call(node.op, inputs, node.attrs) if batched else outputs
            for output, result in zip(outputs, made, strict=True):
                mapped[id(output)] = result
            stack.pop()


def _chosen(graph: Graph, wrt: tuple[int, ...]) -> list[Value]:
    return [graph.inputs[i] for i in wrt]


_BUILDERS: Final[dict[str, Callable[[Blueprint, tuple[int, ...], int], Wanted]]] = {
    "value": _value,
    "value_and_grad": _value_and_grad,
    "vjp": _vjp,
    "jvp": _jvp,
    "per_sample": _per_sample,
}
