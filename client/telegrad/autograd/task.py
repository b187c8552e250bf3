"""One backward pass: checked here, asked of the server in one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from telegrad import _primitives as p
from telegrad import recorder as recording
from telegrad.autograd import walk
from telegrad.autograd.graph import Edge, Node, edge_of
from telegrad.recorder import BackwardEntry, Recorder
from telegrad.storage import grad_mode, write
from telegrad.tensor import Tensor, make
from telegrad.values import Value
from telegrad_proto.dtypes import float32
from telegrad_proto.errors import GradientError
from telegrad_proto.spec import Spec

#: Gradients of at most so many bytes, and all of them together, come along without being asked for.
EAGER_BYTES: Final = 1024
EAGER_TOTAL_BYTES: Final = 8192

#: Stands for the value of an input that the outputs do not depend on.
UNUSED: Final = Value(0, Spec((), float32), None)


class Target:
    """A tensor whose gradient is asked for, and the value that it had where it was used."""

    __slots__ = ("edge", "tensor", "value")

    def __init__(self, tensor: Tensor, edge: Edge, value: Value) -> None:
        self.tensor = tensor
        self.edge = edge
        self.value = value


class Pass:
    """One backward pass: checked here, asked of the server in one request."""

    def __init__(self, roots: list[Tensor], cotangents: list[Tensor | None], *, create_graph: bool) -> None:
        self.roots = roots
        self.cotangents = cotangents
        self.create_graph = create_graph
        edges = [edge_of(root) for root in roots]
        for i, edge in enumerate(edges):
            if edge is None:
                raise GradientError(
                    f"element {i} of tensors does not require grad and does not have a grad_fn"
                )
        self.edges: list[Edge] = [edge for edge in edges if edge is not None]
        self.reached = walk.Reached([], [])
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
        for i, target in enumerate(targets):
            if target.value is UNUSED:
                walk.check(self.reached.nodes)
                if not retain_graph:
                    walk.free(self.reached.nodes)
                raise GradientError(
                    f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
                    "allow_unused=True if this is the desired behavior."
                )

    def run(self, targets: list[Target], *, retain_graph: bool) -> list[Tensor | None]:
        """The gradients, recorded; None for what the roots do not depend on."""
        walk.check(self.reached.nodes)
        self._call_hooks()
        kept = self._kept()
        asked: dict[int, Value] = {}
        for value in [
            *(t.value for t in targets if t.value is not UNUSED),
            *(value for _, _, value in kept),
        ]:
            asked.setdefault(value.id, value)
        if not asked:
            return [None] * len(targets)
        paths = self._paths()
        made = self._request(list(asked.values()), retain_graph=retain_graph)
        if not retain_graph:
            walk.free(self.reached.nodes)
        for node, index, value in kept:
            self._keep(node, index, made[value.id], paths)
        return [
            None
            if t.value is UNUSED
            else self._hooked(t.tensor, self._tensor(made[t.value.id], t.edge, paths))
            for t in targets
        ]

    def _paths(self) -> dict[tuple[int, int], Edge]:
        if not self.create_graph:
            return {}
        cts = [None if ct is None else edge_of(ct) for ct in self.cotangents]
        return walk.mirror(self.reached.nodes, self.edges, cts)

    def _call_hooks(self) -> None:
        """Calls the hooks of computed tensors, outermost first, each with the gradient that those before it
        left.

        A hook that changes a gradient makes its tensor one more root, weighted by the change: from there on
            the pass carries the
        sum of both.
        """
        for node in self.reached.nodes:
            for index, hooks in list(node.extra.hooks.items()) if node.extra is not None else ():
                if not hooks:
                    continue
                assert node.extra is not None, "it has hooks"
                value, edge = node.extra.values[index], (node, index)
                before = self._tensor(
                    self._request([value], retain_graph=True)[value.id], edge, self._paths()
                )
                after = before
                for hook in list(hooks.values()):
                    changed = hook(after)
                    after = after if changed is None else changed
                if after is not before:
                    with grad_mode(self.create_graph):
                        self.cotangents.append(p.sub(after, before))
                    self.roots.append(make(value, edge, tracked=True))
                    self.edges.append(edge)

    def _tensor(self, value: Value, edge: Edge, paths: dict[tuple[int, int], Edge]) -> Tensor:
        path = paths.get((id(edge[0]), edge[1]))
        return make(value, path, tracked=path is not None)

    def _hooked(self, tensor: Tensor, gradient: Tensor) -> Tensor:
        """A leaf's gradient after its hooks."""
        hooks = tensor._extra.hooks if tensor._extra is not None and tensor._edge is None else {}
        for hook in list(hooks.values()):
            changed = hook(gradient)
            if changed is not None:
                gradient = changed
        return gradient

    def _kept(self) -> list[tuple[Node, int, Value]]:
        """The outputs of computed tensors whose gradients are to be kept, where this pass makes them."""
        return [
            (node, index, node.extra.values[index])
            for node in self.reached.nodes
            if node.extra is not None
            for index in node.extra.retained
        ]

    def _keep(self, node: Node, index: int, value: Value, paths: dict[tuple[int, int], Edge]) -> None:
        assert node.extra is not None, "only such nodes were collected"
        tensor = node.extra.retained[index]()
        if tensor is None:
            return
        gradient = self._tensor(value, (node, index), paths)
        with grad_mode(self.create_graph):
            accumulate(tensor, gradient, create_graph=self.create_graph)

    def _request(self, wanted: list[Value], *, retain_graph: bool) -> dict[int, Value]:
        """Records the request; the gradients' values by the ids of what they are gradients of."""
        recorder = self.recorder
        roots = [self._id(root) for root in self.roots]
        cotangents = [0 if ct is None else self._id(ct) for ct in self.cotangents]
        with recorder.lock:
            first = recorder.new_ids(len(wanted))
            made = {value.id: Value(first + i, value.spec, recorder) for i, value in enumerate(wanted)}
            recorder.backwards.append(
                BackwardEntry(
                    after=len(recorder.pending),
                    roots=tuple(roots),
                    cotangents=tuple(cotangents),
                    wrt=tuple(value.id for value in wanted),
                    gradients=tuple(value.id for value in made.values()),
                    retain_graph=retain_graph,
                    create_graph=self.create_graph,
                    hold=[*wanted, *(root._value for root in self.roots)],
                )
            )
        return made

    def _id(self, tensor: Tensor) -> int:
        value = tensor._refresh()
        return (value if value.recorder is self.recorder else self.recorder.adopt(tensor)).id

    def send(self, tensors: Sequence[Tensor]) -> None:
        """Sends it all in one message. Small gradients, and a scalar root, come along: a look at them then
        costs nothing.
        """
        values = {
            t._value.id: t._value
            for t in (self._shown(t) for t in tensors)
            if t._value.id and t._value.local is None
        }
        eager: list[Value] = []
        left = EAGER_TOTAL_BYTES
        for value in [
            *(root._value for root in self.roots if root._value.spec.size == 1 and root._value.local is None),
            *values.values(),
        ]:
            if value.id and value.spec.nbytes <= min(EAGER_BYTES, left):
                eager.append(value)
                left -= value.spec.nbytes
        fetched = {value.id: value for value in eager}
        demands = [value for value in values.values() if value.id not in fetched]
        self.recorder.session.flush("backward", list(fetched.values()), demands)

    def _shown(self, tensor: Tensor) -> Tensor:
        """What of a tensor that a pass touched is looked at next: its gradient."""
        gradient = tensor.grad
        if gradient is None:
            return tensor
        gradient._refresh()
        return gradient


def accumulate(tensor: Tensor, gradient: Tensor, *, create_graph: bool) -> Tensor:
    """Adds a gradient to the tensor's `grad`: in place, unless the gradient has a graph of its own."""
    extra = tensor._extras()
    if extra.grad is None:
        extra.grad = _copied(gradient) if create_graph else gradient
    elif create_graph:
        extra.grad = p.add(extra.grad, gradient)
    else:
        with grad_mode(False):
            write(extra.grad, p.add(extra.grad, gradient))
    return tensor


def _copied(gradient: Tensor) -> Tensor:
    """A gradient with a graph of its own, as a tensor that later gradients can be added to."""
    copied = p.identity(gradient)
    if copied._edge is not None and isinstance(copied._edge[0], Node):
        copied._edge[0].call("CopyBackwards")
    return copied
