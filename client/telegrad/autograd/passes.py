"""`backward()` and `grad()`: torch's checks, one request to the server, gradients where they belong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from telegrad import _primitives as p
from telegrad import recorder as recording
from telegrad.autograd import walk
from telegrad.autograd.graph import Edge, Node, edge_of
from telegrad.promotion import cast
from telegrad.recorder import BackwardEntry, Recorder
from telegrad.storage import grad_mode, write
from telegrad.tensor import Tensor, make
from telegrad.values import Value
from telegrad_proto.dtypes import float32
from telegrad_proto.errors import GradientError, ShapeError
from telegrad_proto.spec import Spec

Tensors = Tensor | Sequence[Tensor]

#: Gradients of at most so many bytes, and all of them together, come along without being asked for.
EAGER_BYTES: Final = 1024
EAGER_TOTAL_BYTES: Final = 8192

#: Stands for the value of an input that the outputs do not depend on.
_UNUSED: Final = Value(0, Spec((), float32), None)


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Adds to the `grad` of leaves the gradients of these tensors: one message, and no wait.

    Args:
        tensors: what to differentiate.
        grad_tensors: the weight of each of its elements; may be None for one element.
        retain_graph: keep what derivatives read, so that a pass can go through again; by default what `create_graph` is.
        create_graph: let the gradients be differentiated themselves.
        grad_variables: the old name of `grad_tensors`.
        inputs: add only to the `grad` of these.

    Raises:
        GradientError: no graph, a freed one, a root that is no scalar: torch's text.
    """
    weights = grad_tensors if grad_tensors is not None else grad_variables
    chosen: list[Tensor] | None = None
    if inputs is not None:
        chosen = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        if not chosen:
            raise GradientError("`inputs` argument to `backward()` cannot be empty.")
    roots = _sequence(tensors)
    task = _Pass(roots, _cotangents(roots, weights), create_graph=create_graph)
    targets = task.leaves() if chosen is None else task.chosen(chosen, allow_unused=True)
    gradients = task.run(targets, retain_graph=create_graph if retain_graph is None else retain_graph)
    by_leaf: dict[int, tuple[Tensor, Tensor]] = {}
    with grad_mode(create_graph):
        for target, gradient in zip(targets, gradients, strict=True):
            if gradient is None:
                continue
            # A leaf that was written to in place was used under several values: its gradient is the sum.
            before = by_leaf.get(id(target.tensor))
            total = gradient if before is None else p.add(before[1], gradient)
            by_leaf[id(target.tensor)] = (target.tensor, total)
        touched = [_accumulate(tensor, total, create_graph=create_graph) for tensor, total in by_leaf.values()]
    task.send(touched)
    for tensor in touched:
        if tensor._extra is not None:
            for after in list(tensor._extra.after.values()):
                after(tensor)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the outputs with respect to the inputs; no `grad` is touched.

    Args:
        outputs: what to differentiate.
        inputs: by what; leaves or computed tensors.
        grad_outputs: the weight of each of the outputs' elements; may be None for one element.
        retain_graph: keep what derivatives read, so that a pass can go through again; by default what `create_graph` is.
        create_graph: let the gradients be differentiated themselves.
        only_inputs: as in torch, no other value is offered.
        allow_unused: give None for an input that the outputs do not depend on.
        is_grads_batched: not offered; a loop over the weights does the same.
        materialize_grads: give zeros in place of None.

    Raises:
        GradientError: no graph, a freed one, a root that is no scalar, an unused input: torch's text.
    """
    if materialize_grads and allow_unused is False:
        raise GradientError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.")
    if is_grads_batched:
        raise GradientError("grad: is_grads_batched=True is not offered; call grad once for each of the weights")
    if not only_inputs:
        raise GradientError("grad: only_inputs=False is not offered, as in torch")
    roots, wanted = _sequence(outputs), _sequence(inputs)
    if not wanted:
        raise GradientError("grad requires non-empty inputs.")
    task = _Pass(roots, _cotangents(roots, grad_outputs), create_graph=create_graph)
    targets = task.chosen(wanted, allow_unused=bool(allow_unused) or materialize_grads)
    found = task.run(targets, retain_graph=create_graph if retain_graph is None else retain_graph)
    task.send([gradient for gradient in found if gradient is not None])
    if materialize_grads:
        return tuple(_zeros(t) if g is None else g for t, g in zip(wanted, found, strict=True))
    return tuple(found)


class _Target:
    """A tensor whose gradient is asked for, and the value that it had where it was used."""

    __slots__ = ("edge", "tensor", "value")

    def __init__(self, tensor: Tensor, edge: Edge, value: Value) -> None:
        self.tensor = tensor
        self.edge = edge
        self.value = value


class _Pass:
    """One backward pass: checked here, asked of the server in one request."""

    def __init__(self, roots: list[Tensor], cotangents: list[Tensor | None], *, create_graph: bool) -> None:
        self.roots = roots
        self.cotangents = cotangents
        self.create_graph = create_graph
        edges = [edge_of(root) for root in roots]
        for i, edge in enumerate(edges):
            if edge is None:
                raise GradientError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        self.edges: list[Edge] = [edge for edge in edges if edge is not None]
        self.reached = walk.Reached([], [])
        self.recorder: Recorder = recording.current()

    def leaves(self) -> list[_Target]:
        """Every leaf that the roots depend on."""
        self.reached = walk.reach(self.edges, None)
        return [_Target(leaf.variable, (leaf, 0), leaf.value) for leaf in self.reached.leaves]

    def chosen(self, tensors: Sequence[Tensor], *, allow_unused: bool) -> list[_Target]:
        """These tensors, if they take gradients."""
        targets = []
        for tensor in tensors:
            edge = edge_of(tensor)
            if edge is None:
                raise GradientError("One of the differentiated Tensors does not require grad")
            targets.append(_Target(tensor, edge, tensor._value))
        keys = {(id(target.edge[0]), target.edge[1]) for target in targets}
        self.reached = walk.reach(self.edges, lambda edge: (id(edge[0]), edge[1]) in keys)
        met = {(id(edge[0]), edge[1]) for edge in self.edges}
        for node in self.reached.nodes:
            met.update((id(edge[0]), edge[1]) for edge in node.edges if edge is not None)
        for target in targets:
            if (id(target.edge[0]), target.edge[1]) not in met:
                if not allow_unused:
                    raise GradientError(
                        "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if "
                        "this is the desired behavior."
                    )
                target.value = _UNUSED
        return targets

    def run(self, targets: list[_Target], *, retain_graph: bool) -> list[Tensor | None]:
        """The gradients, recorded; None for what the roots do not depend on."""
        walk.check(self.reached.nodes)
        self._call_hooks()
        kept = self._kept()
        asked: dict[int, Value] = {}
        for value in [*(t.value for t in targets if t.value is not _UNUSED), *(value for _, _, value in kept)]:
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
            None if t.value is _UNUSED else self._hooked(t.tensor, self._tensor(made[t.value.id], t.edge, paths))
            for t in targets
        ]

    def _paths(self) -> dict[tuple[int, int], Edge]:
        if not self.create_graph:
            return {}
        cts = [None if ct is None else edge_of(ct) for ct in self.cotangents]
        return walk.mirror(self.reached.nodes, self.edges, cts)

    def _call_hooks(self) -> None:
        """Calls the hooks of computed tensors, outermost first, each with the gradient that those before it left.

        A hook that changes a gradient makes its tensor one more root, weighted by the change: from there on the pass carries the
        sum of both.
        """
        for node in self.reached.nodes:
            for index, hooks in list(node.extra.hooks.items()) if node.extra is not None else ():
                if not hooks:
                    continue
                assert node.extra is not None, "it has hooks"
                value, edge = node.extra.values[index], (node, index)
                before = self._tensor(self._request([value], retain_graph=True)[value.id], edge, self._paths())
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
            _accumulate(tensor, gradient, create_graph=self.create_graph)

    def _request(self, wanted: list[Value], *, retain_graph: bool) -> dict[int, Value]:
        """Records the request; the gradients' values by the ids of what they are gradients of."""
        recorder = self.recorder
        roots = [self._id(root) for root in self.roots]
        cotangents = [0 if ct is None else self._id(ct) for ct in self.cotangents]
        with recorder.lock:
            first = recorder.new_ids(len(wanted))
            made = {
                value.id: Value(first + i, value.spec, recorder) for i, value in enumerate(wanted)
            }
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
        """Sends it all in one message. Small gradients, and a scalar root, come along: a look at them then costs nothing."""
        values = {t._value.id: t._value for t in (self._shown(t) for t in tensors) if t._value.id and t._value.local is None}
        eager: list[Value] = []
        left = EAGER_TOTAL_BYTES
        for value in [*(root._value for root in self.roots if root._value.spec.size == 1 and root._value.local is None), *values.values()]:
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




def _accumulate(tensor: Tensor, gradient: Tensor, *, create_graph: bool) -> Tensor:
    """Adds a gradient to the tensor's `grad`: in place, unless the gradient has a graph of its own."""
    extra = tensor._extras()
    if extra.grad is None:
        extra.grad = gradient
    elif create_graph:
        extra.grad = p.add(extra.grad, gradient)
    else:
        with grad_mode(False):
            write(extra.grad, p.add(extra.grad, gradient))
    return tensor


def _sequence(tensors: Any) -> list[Tensor]:
    found = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for tensor in found:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected Tensor or a sequence of Tensors, but got {type(tensor).__name__}")
    return found


def _cotangents(roots: list[Tensor], given: Any) -> list[Tensor | None]:
    """One weight a root, of its shape and type."""
    weights: list[Any] = [None] * len(roots) if given is None else [given] if isinstance(given, Tensor) else list(given)
    if len(weights) != len(roots):
        raise GradientError(f"got {len(roots)} tensors and {len(weights)} gradients")
    return [_cotangent(i, root, weight) for i, (root, weight) in enumerate(zip(roots, weights, strict=True))]


def _cotangent(i: int, root: Tensor, weight: Any) -> Tensor | None:
    spec = root._value.spec
    if weight is None:
        if root.requires_grad:
            if spec.size != 1:
                raise GradientError("grad can be implicitly created only for scalar outputs")
            if spec.dtype.kind == "c":
                raise GradientError(
                    f"grad can be implicitly created only for real scalar outputs but got {spec.dtype!r}"
                )
        return None
    if not isinstance(weight, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(weight).__name__}")
    if weight._value.spec.shape != spec.shape:
        raise ShapeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {weight.shape!r} and output[{i}] has a shape of {root.shape!r}."
        )
    if (weight.dtype.kind == "c") != (spec.dtype.kind == "c"):
        raise GradientError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{i}] has a dtype of {weight.dtype!r} and output[{i}] has a dtype of {spec.dtype!r}."
        )
    return cast(weight, spec.dtype)


def _zeros(like: Tensor) -> Tensor:
    spec = like._value.spec
    return p.full(shape=spec.shape, fill=0, dtype=spec.dtype)


Hook = Callable[[Tensor], Tensor | None]


class Handle:
    """Removes a hook again; a context that removes it at its end."""

    __slots__ = ("_hooks", "_number")

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self._hooks = hooks
        self._number = max(hooks, default=0) + 1
        hooks[self._number] = hook

    def remove(self) -> None:
        """The hook is called no more."""
        self._hooks.pop(self._number, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


