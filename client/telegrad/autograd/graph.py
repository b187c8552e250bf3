"""The client's picture of the graph: enough to know, without asking, what a backward pass reaches and whether
it may.

The server differentiates. Here a node knows its neighbours, whether its derivative reads forward values, and
whether these are still there and unchanged. Nodes hold no Values (but for leaves): a temporary's value is let
go with its tensor.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from telegrad.wire.values import Counter, Value

if TYPE_CHECKING:
    from telegrad.tensor import Tensor


class Rule:
    """What is the same for every node of one operator whose same inputs need gradients.

    Attributes:
        label: torch's name of the node, as `MulBackward0`.
        op: the primitive's name; "" for a node that stands for a gradient's own computation.
        outputs: how many outputs the operator has.
        needs: the inputs through which a gradient flows.
        reads: for each input what its derivative reads, (inputs, outputs); None where no gradient flows.
        read_inputs: the inputs that any of the derivatives reads.
        read_outputs: the outputs that any of them reads.
        names: for each input what torch calls the derivative's own node.
        fixed: the label was chosen inside the function that is still running; its general one does not
            replace it.
    """

    __slots__ = (
        "fixed",
        "label",
        "names",
        "needs",
        "op",
        "outputs",
        "read_inputs",
        "read_outputs",
        "reads",
        "saves",
    )

    def __init__(
        self,
        label: str,
        op: str,
        outputs: int,
        needs: tuple[int, ...] = (),
        reads: tuple[tuple[tuple[int, ...], tuple[int, ...]] | None, ...] = (),
        names: tuple[str, ...] = (),
    ) -> None:
        self.label = label
        self.op = op
        self.outputs = outputs
        self.needs = needs
        self.reads = reads
        self.names = names
        self.fixed = False
        self.read_inputs = tuple(sorted({i for r in reads if r is not None for i in r[0]}))
        self.read_outputs = tuple(sorted({i for r in reads if r is not None for i in r[1]}))
        self.saves = bool(self.read_inputs or self.read_outputs)


_RENAMED: Final[dict[tuple[Rule, str, bool], Rule]] = {}


def renamed(rule: Rule, label: str, *, fixed: bool = False) -> Rule:
    """The same rule under another name; one object a name."""
    found = _RENAMED.get((rule, label, fixed))
    if found is None:
        found = copy(rule)
        found.label = label
        found.fixed = fixed
        _RENAMED[rule, label, fixed] = found
    return found


class Node:
    """A recorded operator that a gradient can flow through: what torch shows as `grad_fn`.

    Attributes:
        rule: what its operator's nodes have in common.
        edges: for each input where its gradient goes on: (node, which of its outputs), None where no gradient
            flows.
        inputs: the ids of its inputs.
        output: the id of its first output.
        saved: of each value that the derivatives read its counter, the version when the node was recorded,
            its spec.
        freed: a pass that did not keep them went through here.
        extra: what few nodes have; None for the others.
    """

    __slots__ = ("__weakref__", "edges", "extra", "freed", "inputs", "output", "rule", "saved")

    def __init__(
        self,
        rule: Rule,
        edges: tuple[Edge | None, ...],
        inputs: tuple[int, ...],
        output: int,
        saved: tuple[Any, ...] = (),
    ) -> None:
        self.rule = rule
        self.edges = edges
        self.inputs = inputs
        self.output = output
        self.saved = saved
        self.freed = False
        self.extra: NodeExtra | None = None

    def name(self) -> str:
        return self.rule.label

    def call(self, label: str) -> None:
        """Gives it torch's name of the function that it ends."""
        if self.rule.label != label:
            self.rule = renamed(self.rule, label)

    @property
    def next_functions(self) -> tuple[tuple[Node | Accumulate | None, int], ...]:
        """Where the gradient goes on, one pair an input; (None, 0) where it does not."""
        edges = self.edges if self.extra is None or self.extra.shown is None else self.extra.shown
        return tuple((None, 0) if edge is None else edge for edge in edges)

    def release(self) -> None:
        """Lets go of what a derivative written in Python has saved."""

    def extras(self) -> NodeExtra:
        if self.extra is None:
            self.extra = NodeExtra()
        return self.extra

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class NodeExtra:
    """What few nodes have.

    Attributes:
        shown: the edges that `next_functions` lists, where a torch function was composed of several
            primitives.
        values: outputs with something attached, held so that the server keeps them nameable.
        hooks: for each such output the functions of its gradient, by handle number.
        retained: for each output whose gradient is kept, a weak reference to the tensor.
        coupled: edges of what torch's derivative reads and ours does not.
    """

    __slots__ = ("coupled", "hooks", "retained", "shown", "values")

    def __init__(self) -> None:
        self.shown: tuple[Edge | None, ...] | None = None
        self.values: dict[int, Value] = {}
        self.hooks: dict[int, dict[int, Any]] = {}
        self.retained: dict[int, ref[Tensor]] = {}
        self.coupled: tuple[Edge, ...] = ()


class Accumulate:
    """The end of every path: a leaf that keeps its gradient.

    Attributes:
        variable: the leaf.
        value: the leaf's value when it was used; a later write in place gives the leaf another.
    """

    __slots__ = ("__weakref__", "value", "variable")

    def __init__(self, variable: Tensor, value: Value) -> None:
        self.variable = variable
        self.value = value

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    @property
    def next_functions(self) -> tuple[tuple[Node | Accumulate | None, int], ...]:
        return ()

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


Edge = tuple["Node | Accumulate", int]


def leaf_edge(leaf: Tensor) -> Edge:
    """The edge that ends at a leaf which requires a gradient; one node as long as a graph holds it."""
    extra = leaf._extra
    if extra is not None and extra.accumulate is not None:
        known = extra.accumulate()
        if known is not None and known.value is leaf._value:
            return known, 0
    known = Accumulate(leaf, leaf._value)
    leaf._extras().accumulate = ref(known)
    return known, 0


def edge_of(tensor: Tensor) -> Edge | None:
    """Where the gradient of this tensor goes; None where it takes none."""
    if tensor._alias is not None:
        tensor._refresh()
    return (tensor._edge or leaf_edge(tensor)) if tensor._tracked else None


def titled(tensor: Tensor, label: str, *, source: Tensor | None = None) -> Tensor:
    """The same tensor, whose node has torch's name of the function that made it.

    Args:
        tensor: what the function gives.
        label: the name.
        source: the function's one input, where several primitives made the result of it.
    """
    if tensor._edge is not None and isinstance(tensor._edge[0], Node):
        tensor._edge[0].call(label)
        if source is not None:
            tensor._edge[0].extras().shown = (edge_of(source),)
    return tensor


def counter_of(tensor: Tensor) -> Counter:
    """The count of writes in place that this tensor shares with its views."""
    if tensor._alias is not None:
        return tensor._alias.counter
    value = tensor._value
    if value.counter is None:
        value.counter = Counter()
    return value.counter


def __getattr__(name: str) -> Any:
    if name in ("register_multi_grad_hook", "increment_version"):
        from telegrad.autograd import several  # needs this module

        return getattr(several, name)
    if name.startswith("_"):  # the import system asks for some, while the registry is not there yet
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    from telegrad.recording.registry import absent  # needs this module

    raise absent(f"module {__name__!r}", "torch.autograd.graph", name)
