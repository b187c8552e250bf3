"""What a backward pass reaches, whether it may go there, and the picture of the gradients' own graph.

All walks keep their own stack: a chain of a hundred thousand operators must not end in RecursionError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from telegrad.autograd.graph import Accumulate, Edge, Node, Rule
from telegrad.tensor import CLASS_NAMES
from telegrad.values import Counter
from telegrad_proto.errors import GradientError
from telegrad_proto.spec import Spec

AGAIN: Final = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after "
    "calling backward."
)


@dataclass(frozen=True, slots=True)
class Reached:
    """What a pass goes through.

    Attributes:
        nodes: those it differentiates, each before those that its gradient goes to.
        leaves: the ends it reaches, in the order of the walk.
    """

    nodes: list[Node]
    leaves: list[Accumulate]


def reach(roots: Iterable[Edge], wanted: Callable[[Edge], bool] | None) -> Reached:
    """The part of the graph between the roots and what is wanted of it.

    Args:
        roots: where the pass starts.
        wanted: tells the edges whose gradient is asked for; None: those of all leaves.
    """
    order: list[Node] = []
    leaves: dict[int, Accumulate] = {}
    useful: dict[int, bool] = {}
    for root in roots:
        first = root[0]
        if isinstance(first, Accumulate):
            leaves[id(first)] = first
            continue
        if id(first) in useful:
            continue
        useful[id(first)] = False
        stack: list[tuple[Node, int]] = [(first, 0)]
        while stack:
            node, position = stack[-1]
            if position == len(node.edges):
                stack.pop()
                if useful[id(node)]:
                    order.append(node)
                    if stack:
                        useful[id(stack[-1][0])] = True
                continue
            stack[-1] = (node, position + 1)
            edge = node.edges[position]
            if edge is None:
                continue
            if wanted is None or wanted(edge):
                # Its gradient is asked for, so this node runs; the walk still goes on behind it.
                useful[id(node)] = useful[id(node)] or wanted is not None or isinstance(edge[0], Accumulate)
            below = edge[0]
            if isinstance(below, Accumulate):
                leaves[id(below)] = below
            elif id(below) not in useful:
                useful[id(below)] = False
                stack.append((below, 0))
            elif useful[id(below)]:
                useful[id(node)] = True
    order.reverse()
    return Reached(order, list(leaves.values()))


def check(nodes: Iterable[Node]) -> None:
    """Accept a pass through these nodes.

    Raises:
        GradientError: a pass before freed what one of them needs, or it was modified in place since.
    """
    for node in nodes:
        if node.freed:
            raise GradientError(AGAIN)
        saved = node.saved
        for i in range(0, len(saved), 3):
            if saved[i].version != saved[i + 1]:
                raise GradientError(_modified(node, i // 3, saved[i], saved[i + 1], saved[i + 2]))


def _modified(node: Node, place: int, counter: Counter, expected: int, spec: Spec) -> str:
    inputs = node.rule.read_inputs
    name, index = counter.writer, 0
    if place >= len(inputs):
        name, index = node.name(), node.rule.read_outputs[place - len(inputs)]
    elif name is None:
        maker = node.edges[inputs[place]]
        if maker is not None and isinstance(maker[0], Node):
            name, index = maker[0].name(), maker[1]
    source = "" if name is None else f", which is output {index} of {name.partition('Backward')[0]},"
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{CLASS_NAMES.get(spec.dtype, 'Tensor')} {list(spec.shape)}]{source} is at version "
        f"{counter.version}; expected "
        f"version {expected} instead. Hint: enable anomaly detection to find the operation that failed to "
        "compute its "
        "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def free(nodes: Iterable[Node]) -> None:
    """Notes that what these nodes saved is not kept."""
    for node in nodes:
        if node.rule.saves:
            node.freed = True


_SUM: Final = Rule("AddBackward0", "", 1)


def mirror(
    nodes: Sequence[Node], roots: Sequence[Edge], cotangents: Sequence[Edge | None]
) -> dict[tuple[int, int], Edge]:
    """For each edge of the graph that its gradient itself has a graph: where the gradient's gradient goes.

    The server makes the gradients' graph; this is the client's picture of it, with a node for each step of
    each derivative, whose edges are those of what the step reads.

    Returns:
        By (identity of a node, which of its outputs).
    """
    found: dict[tuple[int, int], Edge] = {}
    for root, ct in zip(roots, cotangents, strict=True):
        _meet(found, root, ct)
    for node in nodes:
        cts = [found.get((id(node), k)) for k in range(node.rule.outputs)]
        for slot, edge in enumerate(node.edges):
            if edge is None:
                continue
            reads = node.rule.reads[slot] if slot < len(node.rule.reads) else None
            edges: list[Edge | None] = list(cts)
            if reads is not None:
                edges += [node.edges[i] for i in reads[0]]
                edges += [(node, k) for k in reads[1]]
            elif not node.rule.op:
                # The derivative of a derivative may read all that the derivative did.
                edges += node.edges
            if all(e is None for e in edges):
                continue
            name = node.rule.names[slot] if slot < len(node.rule.names) else node.rule.label
            _meet(found, edge, (Node(_rule(name, saves=node.rule.saves), tuple(edges), (), 0, node.saved), 0))
    return found


_MIRRORS: Final[dict[tuple[str, bool], Rule]] = {}


def _rule(name: str, *, saves: bool) -> Rule:
    key = (name, saves)
    rule = _MIRRORS.get(key)
    if rule is None:
        rule = _MIRRORS[key] = Rule(name, "", 1)
        rule.saves = saves
    return rule


def _meet(found: dict[tuple[int, int], Edge], target: Edge, gradient: Edge | None) -> None:
    if gradient is None:
        return
    key = (id(target[0]), target[1])
    before = found.get(key)
    found[key] = gradient if before is None else (Node(_SUM, (before, gradient), (), 0), 0)
