"""Derivatives that are written in Python, on the way of a backward pass.

The server differentiates what it knows. A pass that meets a node whose derivative is Python asks the server
for the gradients of the node's outputs, calls the code with them, which records what it does, and goes on
with its results: the node's inputs become roots of the pass, weighted by these. All of it is still one
message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import ClassVar, Self

from telegrad import _primitives as p
from telegrad.autograd.graph import Edge, Node, Rule
from telegrad.autograd.mode import MODE
from telegrad.recording.batching import BatchedValue, Level, batch_of, example, whole_of
from telegrad.tensor import Tensor
from telegrad.wire.values import Value

Cotangents = Mapping[int, Tensor]


class CustomNode(Node):
    """A node whose derivative is Python code.

    Attributes:
        results: the values of the outputs that have gradients, by output.
        sources: for each input its value and where its gradient goes; None where none flows.
    """

    results: dict[int, Value]
    sources: list[tuple[Value, Edge] | None]

    _RULES: ClassVar[dict[tuple[str, int], Rule]] = {}

    def start(self, label: str, sources: list[tuple[Value, Edge] | None]) -> None:
        """Takes its place behind the inputs, still without outputs."""
        edges = tuple(None if source is None else source[1] for source in sources)
        super().__init__(Rule(label, "", 0), edges, (), 0)
        self.results = {}
        self.sources = sources

    def finish(self, results: dict[int, Value], count: int) -> None:
        """Takes its place before whatever reads its outputs: so many, with these values."""
        self.results = results
        self.output = min((value.id for value in results.values()), default=0)
        key = (self.rule.label, count)
        self.rule = self._RULES.setdefault(key, Rule(*key[:1], "", count))

    def back(self, cts: Cotangents, *, create_graph: bool, batch: int | None) -> Sequence[Tensor | None]:
        """The gradients of the inputs, recorded.

        Args:
            cts: the gradients of the outputs, by output; one that is missing counts as zeros.
            create_graph: the gradients can be differentiated themselves.
            batch: so many stand in each cotangent, along a leading axis, and in each result.
        """
        raise AssertionError("each kind of node has its own")


class Flow:
    """Which of a pass's roots lead where, without going through a custom node.

    Every root, and every input of a custom node, is a bit of a number. A node's number has the bits of all
    that its gradient is made of.

    Args:
        nodes: what the pass goes through, each node before those that its gradient goes to.
        roots: where it starts.
    """

    def __init__(self, nodes: Sequence[Node], roots: Sequence[Edge]) -> None:
        self._at: dict[int, int] = {}
        self._edges: dict[tuple[int, int], int] = {}
        self._inputs: dict[tuple[int, int], int] = {}
        self._flowing = 1
        self.tags = [1] * len(roots)
        for root in roots:
            self._mark(root, 1)
        bit = 1
        for node in nodes:
            custom = isinstance(node, CustomNode)
            here = self._at.get(id(node), 0)
            for slot, edge in enumerate(node.edges):
                if edge is None:
                    continue
                if custom:
                    bit <<= 1
                    self._inputs[id(node), slot] = bit
                self._mark(edge, bit if custom else here)

    def _mark(self, edge: Edge, bits: int) -> None:
        key = (id(edge[0]), edge[1])
        self._edges[key] = self._edges.get(key, 0) | bits
        self._at[key[0]] = self._at.get(key[0], 0) | bits

    def arrived(self, edge: Edge) -> bool:
        """Whether a gradient comes this way."""
        return bool(self._edges.get((id(edge[0]), edge[1]), 0) & self._flowing)

    def roots_to(self, node: Node) -> list[int]:
        """The places of the roots so far from which gradients may reach a node."""
        here = self._at.get(id(node), 0)
        return [place for place, tag in enumerate(self.tags) if tag & here]

    def add(self, node: Node, slot: int | None = None) -> None:
        """Notes one more root: an input of a custom node, or the output of another that its hooks changed."""
        tag = self._at.get(id(node), 0) if slot is None else self._inputs[id(node), slot]
        self.tags.append(tag)
        if slot is not None:
            self._flowing |= tag


class resumed:
    """Inside, the `vmap`s run again that ran when a node was made; a batch of cotangents is one around them.

    Args:
        levels: the levels, outermost first.
        batch: the number of cotangents; None: there is no batch.
    """

    def __init__(self, levels: tuple[Level, ...], batch: int | None) -> None:
        self.batch = None if batch is None else Level(batch, min([0, *[x.depth for x in levels]]) - 1, "same")
        self.levels = levels if self.batch is None else (self.batch, *levels)
        self.before: tuple[Level, ...] = ()
        self.running: list[bool] = []

    def __enter__(self) -> Self:
        self.before, MODE.levels = MODE.levels, self.levels
        self.running = [level.running for level in self.levels]
        for level in self.levels:
            level.running = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        MODE.levels = self.before
        for level, running in zip(self.levels, self.running, strict=True):
            level.running = running
        if self.batch is not None:
            self.batch.running = False

    def inside(self, whole: Tensor, carried: Sequence[Level]) -> Tensor:
        """A gradient of what tells apart the examples of these levels, as the code inside sees it.

        Shape: (batch, sizes..., ...) gives (...)
        """
        for level in carried if self.batch is None else (self.batch, *carried):
            whole = example(whole, level)
        return whole

    def outside(self, ct: Tensor, carried: Sequence[Level]) -> Tensor:
        """A gradient from inside, for what tells apart the examples of these levels only.

        Shape: (...) gives (batch, sizes..., ...)
        """
        for level in reversed(self.levels):
            if level is self.batch or level in carried:
                ct = whole_of(ct, level)
            else:
                whole, differs = batch_of(ct, level)
                ct = p.sum(whole, axes=(0,), keepdims=False) if differs else ct
        return ct


def unwrapped(value: Value) -> tuple[Value, tuple[Level, ...]]:
    """A value in the session's graph, and the levels whose examples it tells apart, outermost first."""
    levels: list[Level] = []
    while isinstance(value, BatchedValue):
        levels.insert(0, value.level)
        value = value.whole
    return value, tuple(levels)
