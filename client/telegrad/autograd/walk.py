"""What a backward pass reaches, whether it may go there, and the picture of the gradients' own graph.

All walks keep their own stack: a chain of a hundred thousand operators must not end in RecursionError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

from telegrad.autograd.graph import Accumulate, Edge, Node, Rule
from telegrad.tensor import CLASS_NAMES
from telegrad.wire.values import Counter
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


class Reached:
    """What a pass goes through.

    Attributes:
        nodes: those it differentiates, each before those that its gradient goes to.
        leaves: the ends it reaches.
        special: those of the nodes that have hooks, gradients to be kept, or a derivative written in Python.
    """

    __slots__ = ("leaves", "nodes", "special")

    def __init__(self, nodes: list[Node], leaves: list[Accumulate]) -> None:
        self.nodes = nodes
        self.leaves = leaves
        self.special = [
            node
            for node in nodes
            if (node.extra is not None and (node.extra.hooks or node.extra.retained))
            or node.__class__ is not Node
        ]


_output: Final = attrgetter("output")


def reach(roots: Iterable[Edge], wanted: Callable[[Edge], bool] | None) -> Reached:
    """The part of the graph between the roots and what is wanted of it.

    A node's inputs were made before it and have smaller ids, so ids put the nodes in order.

    Args:
        roots: where the pass starts.
        wanted: tells the edges whose gradient is asked for; None: those of all leaves.
    """
    leaves: dict[Node | Accumulate, None] = {}
    seen: set[Node | Accumulate] = set()
    stack: list[Node | Accumulate] = []
    for maker, _ in roots:
        if maker.__class__ is Accumulate:
            leaves[maker] = None
        elif maker not in seen:
            seen.add(maker)
            stack.append(maker)
    while stack:
        for edge in stack.pop().edges:  # type: ignore[union-attr]
            if edge is None:
                continue
            maker = edge[0]
            if maker in seen:
                continue
            if maker.__class__ is Accumulate:
                leaves[maker] = None
            else:
                seen.add(maker)
                stack.append(maker)
    nodes: list[Node] = sorted(seen, key=_output, reverse=True)  # type: ignore[arg-type]
    if wanted is not None:
        nodes = _leading_to(nodes, wanted)
    return Reached(nodes, list(leaves))  # type: ignore[arg-type]


def _leading_to(nodes: list[Node], wanted: Callable[[Edge], bool]) -> list[Node]:
    """Those of the nodes through which a gradient flows to what is wanted."""
    useful: set[int] = set()
    for node in reversed(nodes):
        if any(edge is not None and (id(edge[0]) in useful or wanted(edge)) for edge in node.edges):
            useful.add(id(node))
    return [node for node in nodes if id(node) in useful]


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
    if not node.rule.op:
        pass  # a gradient's node reads what its operator's derivative did, wherever that came from
    elif place >= len(inputs):
        name, index = node.name(), node.rule.read_outputs[place - len(inputs)]
    elif name is None:
        maker = node.edges[inputs[place]]
        if maker is not None and isinstance(maker[0], Node):
            name, index = maker[0].name(), maker[1]
    return modified(counter, expected, spec, name, index)


def modified(counter: Counter, expected: int, spec: Spec, name: str | None, index: int) -> str:
    """torch's text for a tensor that a derivative reads and that was written to.

    Args:
        counter: of the writes.
        expected: how many there were when it was saved.
        spec: the tensor's shape and type.
        name: of the node that it is an output of; None for a leaf.
        index: which output.
    """
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
        elif node.__class__ is not Node:
            node.release()


_SUM: Final = Rule("AddBackward0", "", 1)


Paths = dict[tuple[int, int], Edge]


class Mirror:
    """The gradients' own graph as the client pictures it: for each edge of the graph that its gradient itself
    depends on something, where the gradient's gradient goes.

    The server makes the gradients' graph. The picture has a node for each step of each derivative, whose
    edges are those of what the step reads.

    Attributes:
        paths: by (identity of a node, which of its outputs).

    Args:
        nodes: what the pass goes through, in order.
        new_id: gives ids that grow, for the new nodes' place in the order.
    """

    def __init__(self, nodes: Sequence[Node], new_id: Callable[[], int]) -> None:
        self.paths: Paths = {}
        self._nodes = nodes
        self._done = 0
        self._new_id = new_id

    def meet(self, target: Edge, gradient: Edge | None) -> None:
        """Adds a root, or something else that the gradient at an edge is made of."""
        if gradient is None:
            return
        key = (id(target[0]), target[1])
        before = self.paths.get(key)
        self.paths[key] = (
            gradient if before is None else (Node(_SUM, (before, gradient), (), self._new_id()), 0)
        )

    def advance(self, until: Node | None = None) -> Paths:
        """The paths, known up to a node; None: to the end."""
        while self._done < len(self._nodes) and self._nodes[self._done] is not until:
            node = self._nodes[self._done]
            self._done += 1
            if node.__class__ is Node:  # what is written in Python says itself what it depends on
                self._through(node)
        return self.paths

    def _through(self, node: Node) -> None:
        cts = [self.paths.get((id(node), k)) for k in range(node.rule.outputs)]
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
            if node.extra is not None:
                edges += node.extra.coupled
            if all(e is None for e in edges):
                continue
            name = node.rule.names[slot] if slot < len(node.rule.names) else node.rule.label
            rule = _rule(name, saves=node.rule.saves)
            self.meet(edge, (Node(rule, tuple(edges), (), self._new_id(), node.saved), 0))


_MIRRORS: Final[dict[tuple[str, bool], Rule]] = {}


def _rule(name: str, *, saves: bool) -> Rule:
    key = (name, saves)
    rule = _MIRRORS.get(key)
    if rule is None:
        rule = _MIRRORS[key] = Rule(name, "", 1)
        rule.saves = saves
    return rule
