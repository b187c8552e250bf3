"""One backward pass: checked here, asked of the server in one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from telegrad import _primitives as p
from telegrad.autograd import walk
from telegrad.autograd.graph import Edge, Node, NodeExtra, edge_of, titled
from telegrad.autograd.hooked import Hook, through
from telegrad.autograd.mode import ANOMALY, MODE
from telegrad.recording import recorder as recording
from telegrad.recording.recorder import Recorder
from telegrad.sharing.aliasing import grad_mode
from telegrad.sharing.writing import write
from telegrad.tensor import Tensor, make
from telegrad.wire.entries import BackwardEntry
from telegrad.wire.values import Value
from telegrad_proto.dtypes import float32
from telegrad_proto.errors import GradientError
from telegrad_proto.spec import Spec, batch_of

if TYPE_CHECKING:
    from telegrad.autograd.custom import CustomNode, Flow

#: Gradients of at most so many bytes, and all of them together, come along without being asked for.
EAGER_BYTES: Final = 1024
EAGER_TOTAL_BYTES: Final = 8192

#: Stands for the value of an input that the outputs do not depend on.
UNUSED: Final = Value(0, Spec((), float32), None)


_NOTHING: Final = walk.Reached([], [])


class Target:
    """A tensor whose gradient is asked for, and the value that it had where it was used."""

    __slots__ = ("edge", "tensor", "value")

    def __init__(self, tensor: Tensor, edge: Edge, value: Value) -> None:
        self.tensor = tensor
        self.edge = edge
        self.value = value


class Pass:
    """One backward pass: checked here, asked of the server in one request.

    Args:
        roots: what is differentiated.
        cotangents: their weights.
        create_graph: the gradients can be differentiated themselves.
        batch: so many weights stand in each that is given, along a leading axis; None: one, without it.
    """

    def __init__(
        self,
        roots: list[Tensor],
        cotangents: list[Tensor | None],
        *,
        create_graph: bool,
        batch: int | None = None,
    ) -> None:
        self.batch = batch
        self.given = len(roots)
        self.roots = roots
        self.cotangents = cotangents
        self.create_graph = create_graph
        self.edges: list[Edge] = []
        for i, root in enumerate(roots):
            edge = edge_of(root)
            if edge is None:
                raise GradientError(
                    f"element {i} of tensors does not require grad and does not have a grad_fn"
                )
            self.edges.append(edge)
        self.reached = _NOTHING
        self.targets: list[Target] = []
        self.touched: list[Tensor] = []
        self.crossed: dict[int, Value] = {}
        self.deferred: list[Tensor] = []
        self.flow: Flow | None = None
        self.mirror: walk.Mirror | None = None
        self.required = False
        self.recorder: Recorder = recording.current()

    def leaves(self) -> list[Target]:
        """Every leaf that the roots depend on."""
        self.reached = walk.reach(self.edges, None)
        return [Target(leaf.variable, (leaf, 0), leaf.value) for leaf in self.reached.leaves]

    def chosen(self, tensors: Sequence[Tensor]) -> list[Target]:
        """These tensors, if they take gradients."""
        targets = []
        for tensor in tensors:
            edge = edge_of(tensor)
            if edge is None:
                raise GradientError("One of the differentiated Tensors does not require grad")
            targets.append(Target(tensor, edge, tensor._value))
        keys = {(id(target.edge[0]), target.edge[1]) for target in targets}
        self.reached = walk.reach(self.edges, lambda edge: (id(edge[0]), edge[1]) in keys)
        met = {(id(edge[0]), edge[1]) for edge in self.edges}
        for node in self.reached.nodes:
            met.update((id(edge[0]), edge[1]) for edge in node.edges if edge is not None)
        for target in targets:
            if (id(target.edge[0]), target.edge[1]) not in met:
                target.value = UNUSED
        return targets

    def require_used(self, targets: Sequence[Target], *, retain_graph: bool) -> None:
        """Accept targets that the roots all depend on.

        Raises:
            GradientError: one is unused. torch finds that out after the pass, which has then freed what it
                read.
        """
        self.required = True
        for i, target in enumerate(targets):
            if target.value is UNUSED:
                walk.check(self.reached.nodes)
                if not retain_graph:
                    walk.free(self.reached.nodes)
                raise _unused(i)

    def run(self, targets: list[Target], *, retain_graph: bool) -> list[Tensor | None]:
        """The gradients, recorded; None for what the roots do not depend on."""
        nodes = self.reached.nodes
        self.targets = targets
        walk.check(nodes)
        if self.create_graph:
            self.mirror = walk.Mirror(nodes, self.recorder.new_ids)
            for edge, ct in zip(self.edges, self.cotangents, strict=True):
                self.mirror.meet(edge, None if ct is None else edge_of(ct))
        kept: list[tuple[Node, int, Value]] = []
        if self.reached.special:
            self._visit()
            kept = self._kept()
        for root in self.roots:
            self._id(root)  # a root that is itself a leaf gets its id here, before it is asked for by it
        known: list[Value | None] = []
        asked: dict[int, Value] = {}
        for target in targets:
            value = target.value
            if value is UNUSED or (self.flow is not None and not self.flow.arrived(target.edge)):
                known.append(None)
            else:
                known.append(value)
                asked[value.id] = value
        for _, _, value in kept:
            asked[value.id] = value
        if ANOMALY.enabled and ANOMALY.check_nan:
            from telegrad.autograd.anomaly import check  # needs this module; few passes are looked into

            check(self, targets)
        if not retain_graph and asked:
            # The way to the custom nodes is used up as well.
            asked |= self.crossed
        made = self._request(asked, retain_graph=retain_graph) if asked else {}
        if not retain_graph and (asked or self.flow is not None):
            walk.free(nodes)
        paths = {} if self.mirror is None else self.mirror.advance()
        for node, index, value in kept:
            self._keep(node, index, made[value.id], paths)
        found: list[Tensor | None] = []
        for i, (target, wanted) in enumerate(zip(targets, known, strict=True)):
            if wanted is None:
                if self.required:
                    raise _unused(i)
                found.append(None)
                continue
            gradient = _tensor(made[wanted.id], target.edge, paths)
            extra = target.tensor._extra
            if extra is not None and extra.hooks and target.tensor._edge is None:
                gradient = self._through(extra.hooks, gradient)
            found.append(gradient)
        return found

    def _arrived(self, edge: Edge) -> bool:
        return self.flow is None or self.flow.arrived(edge)

    def _visit(self) -> None:
        """Stops at each node that has hooks or a derivative written in Python, outermost first."""
        if any(node.__class__ is not Node for node in self.reached.special):
            from telegrad.autograd.custom import Flow  # few passes meet such nodes

            self.flow = Flow(self.reached.nodes, self.edges)
        for node in self.reached.special:
            if node.extra is not None and node.extra.hooks:
                self._call_hooks(node, node.extra)
            if self.flow is not None and node.__class__ is not Node:
                self._cross(cast("CustomNode", node), self.flow)

    def _call_hooks(self, node: Node, extra: NodeExtra) -> None:
        """Calls the hooks of a computed tensor with the gradient that is left to it.

        A hook that changes a gradient makes its tensor one more root, weighted by the change: from there on
        the pass carries the sum of both.
        """
        for index, hooks in list(extra.hooks.items()):
            value, edge = extra.values[index], (node, index)
            if not hooks or not self._arrived(edge):
                continue
            made = self._request({value.id: value}, retain_graph=True)[value.id]
            before = _tensor(made, edge, {} if self.mirror is None else self.mirror.advance(node))
            after = self._through(hooks, before)
            if after is not before:
                with grad_mode(self.create_graph):
                    change = p.sub(after, before)
                self._add_root(make(value, edge, tracked=True), edge, change)
                if self.flow is not None:
                    self.flow.add(node)

    def _add_root(self, root: Tensor, edge: Edge, ct: Tensor) -> None:
        self.roots.append(root)
        self.edges.append(edge)
        self.cotangents.append(ct)
        if self.mirror is not None:
            self.mirror.meet(edge, edge_of(ct))

    def _cross(self, node: CustomNode, flow: Flow) -> None:
        """Goes through a node whose derivative is Python: its inputs are roots from here on."""
        wanted = {k: value for k, value in node.results.items() if flow.arrived((node, k))}
        cts = {}
        if wanted:
            asked = {value.id: value for value in wanted.values()}
            made = self._request(asked, retain_graph=True, places=flow.roots_to(node))
            self.crossed |= asked
            paths = {} if self.mirror is None else self.mirror.advance(node)
            cts = {k: _tensor(made[value.id], (node, k), paths) for k, value in wanted.items()}
        before = MODE.deferred
        MODE.deferred = self.deferred if before is None else before
        try:
            found = node.back(cts, create_graph=self.create_graph, batch=self.batch)
        finally:
            MODE.deferred = before
        for slot, (ct, source) in enumerate(zip(found, node.sources, strict=True)):
            if ct is not None and source is not None:
                value, edge = source
                self._add_root(make(value, edge, tracked=True), edge, ct)
                flow.add(node, slot)

    def _through(self, hooks: dict[int, Hook], gradient: Tensor) -> Tensor:
        """The gradient after the hooks, which see one pass of a batch, as inside `vmap`."""
        before, MODE.task = MODE.task, self
        try:
            return self._called(hooks, gradient)
        finally:
            MODE.task = before

    def _called(self, hooks: dict[int, Hook], gradient: Tensor) -> Tensor:
        if self.batch is None:
            return through(hooks, gradient)
        from telegrad.recording.batching import enter, example, leave, whole_of  # inside vmap only

        level = enter(self.batch, "same")
        try:
            before = example(gradient, level)
            after = through(hooks, before)
            return gradient if after is before else whole_of(after, level)
        finally:
            leave(level)

    def _kept(self) -> list[tuple[Node, int, Value]]:
        """The outputs of computed tensors whose gradients are to be kept, where this pass makes them."""
        return [
            (node, index, node.extra.values[index])
            for node in self.reached.special
            if node.extra is not None
            for index in node.extra.retained
        ]

    def _keep(self, node: Node, index: int, value: Value, paths: walk.Paths) -> None:
        assert node.extra is not None, "only such nodes were collected"
        tensor = node.extra.retained[index]()
        if tensor is None:
            return
        gradient = _tensor(value, (node, index), paths)
        with grad_mode(self.create_graph):
            accumulate(tensor, gradient, create_graph=self.create_graph)
        self.touched.append(tensor)

    def _request(
        self, wanted: dict[int, Value], *, retain_graph: bool, places: Sequence[int] | None = None
    ) -> dict[int, Value]:
        """Records the request; the gradients' values by the ids of what they are gradients of.

        Args:
            wanted: what to differentiate by.
            retain_graph: others will go the same way.
            places: the roots to start at; all by default.
        """
        recorder = self.recorder
        starts = self.roots if places is None else [self.roots[i] for i in places]
        weights = self.cotangents if places is None else [self.cotangents[i] for i in places]
        roots = tuple([self._id(root) for root in starts])
        cotangents = tuple([0 if ct is None else self._id(ct) for ct in weights])
        hold = [*wanted.values()]
        hold += [root._value for root in starts]
        made: dict[int, Value] = {}
        batch = self.batch
        with recorder.lock:
            first = next_id = recorder.next_id
            for named, value in wanted.items():
                made[named] = Value(next_id, batch_of(value.spec, batch), recorder)
                next_id += 1
            recorder.next_id = next_id
            entry = BackwardEntry(
                len(recorder.pending),
                roots,
                cotangents,
                tuple(wanted),
                tuple(range(first, next_id)),
                retain_graph,
                self.create_graph,
                batch is not None,
                hold,
            )
            recorder.backwards.append(entry)
        return made

    def _id(self, tensor: Tensor) -> int:
        value = tensor._refresh()
        return (value if value.recorder is self.recorder else self.recorder.adopt(tensor)).id

    def send(self, gradients: Sequence[Tensor]) -> None:
        """Sends it all in one message.

        Small gradients, and a root that is a single number, come along: a look at them then costs nothing.
        A pass inside another leaves it to that.
        """
        if MODE.deferred is not None:
            MODE.deferred += gradients
            return
        eager: dict[int, Value] = {}
        demands: list[Value] = []
        left = EAGER_TOTAL_BYTES
        for root in self.roots[: self.given]:
            value = root._value
            if value.spec.size == 1 and value.local is None:
                eager[value.id] = value
                left -= value.spec.nbytes
        kept = [t._extras().grad for t in self.touched] if self.touched else ()
        for gradient in (*gradients, *kept, *self.deferred):
            value = UNUSED if gradient is None else gradient._refresh()
            size = value.spec.nbytes
            if not value.id or value.local is not None or value.id in eager:
                continue
            if size <= EAGER_BYTES and size <= left:
                eager[value.id] = value
                left -= size
            else:
                demands.append(value)
        if self.recorder.written:
            asked = {*eager, *[value.id for value in demands]}
            demands += [value for value in self.recorder.take_written() if value.id not in asked]
        self.recorder.session.flush("backward", list(eager.values()), demands)


def _unused(i: int) -> GradientError:
    return GradientError(
        f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
        "allow_unused=True if this is the desired behavior."
    )


def _tensor(value: Value, edge: Edge, paths: walk.Paths) -> Tensor:
    path = paths.get((id(edge[0]), edge[1])) if paths else None
    return make(value, path, tracked=path is not None)


def accumulate(tensor: Tensor, gradient: Tensor, *, create_graph: bool) -> Tensor:
    """The tensor's `grad` with a gradient added: in place, unless the gradient has a graph of its own."""
    extra = tensor._extras()
    if extra.grad is None:
        extra.grad = _copied(gradient) if create_graph else gradient
    elif create_graph:
        extra.grad = p.add(extra.grad, gradient)
    else:
        with grad_mode(False):
            write(extra.grad, p.add(extra.grad, gradient))
    return extra.grad


def _copied(gradient: Tensor) -> Tensor:
    """A gradient with a graph of its own, as a tensor that later gradients can be added to."""
    return titled(p.identity(gradient), "CopyBackwards")
