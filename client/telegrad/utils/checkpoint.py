"""Checkpoints: parts of a model whose intermediate values are not kept for the backward pass but computed
again in it.

The function is recorded once as part of the forward pass, and what is recorded is not differentiated: the
server keeps the results and lets go of the rest. The backward pass calls the function again, on the arguments
as they were, differentiates that, and goes on with the gradients of the arguments and of the parameters that
the function has used. Random draws are repeated. Both of torch's variants are this one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final
from weakref import ref

from telegrad import _primitives as p
from telegrad.autograd.batched import gradients
from telegrad.autograd.custom import Cotangents, CustomNode
from telegrad.autograd.graph import Accumulate, Edge, Node, edge_of
from telegrad.autograd.mode import MODE
from telegrad.func.trees import Structure, flatten, unflatten
from telegrad.making.promotion import constant
from telegrad.random import get_rng_state, set_rng_state
from telegrad.recording import recorder as recording
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Value
from telegrad_proto.dtypes import float32
from telegrad_proto.errors import ArgumentError, GradientError

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential"]

#: A tensor that is differentiated by, and what it stands for outside: its value, where its gradient goes.
Variable = tuple[Tensor, Value, Edge]

_LABEL: Final = "CheckpointFunctionBackward"


class CheckpointError(GradientError):
    """A function did something else when it was called again."""


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Any] | None = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """What the function returns; its intermediate values are computed again where a gradient needs them.

    Inside `vmap`, and where the function uses computed tensors that are not among its arguments, it is a
    plain call.

    Args:
        function: what to call, now and in each backward pass.
        args: its arguments; tensors may stand in lists, tuples and dicts.
        use_reentrant: with True, as in torch, nothing is differentiated unless an argument is.
        context_fn: gives two contexts, one for this call and one for those of backward passes.
        determinism_check: accepted: results are compared by number, shape and type.
        debug: accepted.
        early_stop: accepted.
        preserve_rng_state: repeat the random draws; otherwise others are drawn.
        kwargs: the function's keywords; only without `use_reentrant`, as in torch.

    Raises:
        ArgumentError: keywords where torch's reentrant variant takes none.
    """
    if kwargs and use_reentrant:
        raise ArgumentError("Unexpected keyword arguments: " + ",".join(kwargs))
    now, again = (nullcontext(), nullcontext()) if context_fn is None else context_fn()
    given, structure = flatten((args, kwargs))
    if use_reentrant and MODE.grad and not any(isinstance(x, Tensor) and x.requires_grad for x in given):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None", UserWarning, stacklevel=2
        )
        with grad_mode(False), now:
            return function(*args, **kwargs)
    if not MODE.grad or MODE.levels:
        with now:
            return function(*args, **kwargs)
    call = _Call(function, given, structure, again, get_rng_state() if preserve_rng_state else None)
    with now:
        return call.run(args, kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """What a chain of functions makes of the input; all but its last piece are checkpoints.

    Args:
        functions: a list of functions, or a Sequential.
        segments: into how many pieces to cut the chain.
        input: of the first.
        use_reentrant: as in `checkpoint`.
        kwargs: `preserve_rng_state`.

    Raises:
        ArgumentError: no pieces at all, or another keyword.
    """
    if segments < 1:
        raise ArgumentError(f"checkpoint_sequential: segments must be at least 1, got {segments}")
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ArgumentError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain: Sequence[Callable[[Any], Any]] = list(functions)
    size = max(len(chain) // segments, 1)
    start = 0
    for _ in range(min(segments, len(chain)) - 1):
        piece = _chained(chain[start : start + size])
        input = checkpoint(piece, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
        start += size
    return _chained(chain[start:])(input)


def _chained(functions: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def piece(x: Any) -> Any:
        for function in functions:
            x = function(x)
        return x

    return piece


class _Call:
    """One call of a function, which can be called again.

    Attributes:
        places: where, in the flattened result, the tensors stand that gradients start at.
        results: shape and type of each.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        given: list[Any],
        structure: Structure,
        again: Any,
        state: Tensor | None,
    ) -> None:
        self.function = function
        self.structure = structure
        self.context = again
        self.state = state
        # The arguments as they are now: a write in place gives a tensor another value.
        self.given = [x._refresh() if isinstance(x, Tensor) else x for x in given]
        self.tracked = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
        self.edges = [_edge(given[i]) for i in self.tracked]
        self.places: list[int] = []
        self.results: list[Any] = []

    def run(self, args: Any, kwargs: Any) -> Any:
        """The result, whose gradients go through a node of ours."""
        first = recording.current().next_id
        result = self.function(*args, **kwargs)
        leaves, _ = flatten(result)
        found = _Inside(leaves, first, self.edges)
        if not found.outputs or found.foreign:
            return result
        self.places = [i for i, x in enumerate(leaves) if any(x is y for y in found.outputs)]
        self.results = [leaves[i]._value.spec for i in self.places]
        arguments = [(self.given[i], edge) for i, edge in zip(self.tracked, self.edges, strict=True)]
        node = _Checkpoint.__new__(_Checkpoint)
        node.again, node.parameters = self, found.parameters
        node.start(_LABEL, [*arguments, *[(end.value, (end, 0)) for end in found.parameters]])
        for k, i in enumerate(self.places):
            leaves[i]._edge = (node, k)
        node.finish({k: leaves[i]._value for k, i in enumerate(self.places)}, len(self.places))
        if found.forgotten():
            recording.current().forget_needs(first)
        return result

    def again(self, ready: Tensor) -> tuple[list[Variable], list[Tensor]]:
        """The arguments that are differentiated by, as leaves, and the results of another call.

        Raises:
            CheckpointError: it returned something else.
        """
        given: list[Any] = [make(x) if isinstance(x, Value) else x for x in self.given]
        variables: list[Variable] = []
        for i, edge in zip(self.tracked, self.edges, strict=True):
            with grad_mode(False):
                given[i] = p.require(given[i], ready, message="")
            given[i]._tracked = True
            variables.append((given[i], self.given[i], edge))
        args, kwargs = unflatten(given, self.structure)
        first = recording.current().next_id
        with grad_mode(True), _drawing(self.state), self.context:
            leaves, _ = flatten(self.function(*args, **kwargs))
        if _Inside(leaves, first, ()).foreign:
            raise CheckpointError(
                "checkpoint: the function has used a computed tensor from outside that was also given to it: "
                "use the argument only"
            )
        made = [leaves[i] for i in self.places if i < len(leaves)]
        specs = [x._value.spec if isinstance(x, Tensor) else None for x in made]
        if specs != self.results:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values have different metadata than those of the forward "
                f"pass: requires {self.results}, got {specs}"
            )
        return variables, made


class _Inside:
    """What a function has recorded.

    Attributes:
        outputs: those of its results that gradients start at.
        parameters: the leaves, other than arguments, that it has used.
        foreign: it has used a computed tensor that is no argument.
    """

    def __init__(self, results: Sequence[Any], first: int, arguments: Sequence[Edge]) -> None:
        known = {(id(maker), index) for maker, index in arguments}
        self.outputs = [
            x
            for x in results
            if isinstance(x, Tensor) and x._edge is not None and x._edge[0].output >= first  # type: ignore[union-attr]
        ]
        self.parameters: list[Accumulate] = []
        self.foreign = False
        stack = [x._edge[0] for x in self.outputs if x._edge is not None]
        seen = {id(node): node for node in stack}
        while stack:
            for edge in stack.pop().edges:  # type: ignore[union-attr]
                if edge is None or id(edge[0]) in seen:
                    continue
                if isinstance(edge[0], Accumulate):
                    # An argument may be used from outside as well.
                    seen[id(edge[0])] = edge[0]
                    self.parameters.append(edge[0])
                elif (id(edge[0]), edge[1]) in known:
                    continue
                elif edge[0].output < first:
                    self.foreign = True
                else:
                    seen[id(edge[0])] = edge[0]
                    stack.append(edge[0])
        self._nodes = [ref(node) for node in seen.values() if isinstance(node, Node)]

    def forgotten(self) -> bool:
        """Whether nobody else holds on to the graph inside, as one who kept an intermediate tensor would."""
        return all(node() is None for node in self._nodes)


class _Checkpoint(CustomNode):
    """The derivative of a function that is called again.

    Attributes:
        again: how.
        parameters: the ends of the leaves that it uses beside its arguments.
    """

    again: _Call
    parameters: list[Accumulate]

    def back(self, cts: Cotangents, *, create_graph: bool, batch: int | None) -> Sequence[Tensor | None]:
        variables, made = self.again.again(_ready(cts))
        variables += [(end.variable, end.value, (end, 0)) for end in self.parameters]
        results = {k: made[k] for k in cts}
        return _differentiated(results, variables, cts, create_graph, batch, keep=create_graph)


class _Closed(CustomNode):
    """The derivative of results whose graph ends at variables that stand for others.

    Attributes:
        inside: the results.
        variables: where their graph ends.
    """

    inside: dict[int, Tensor]
    variables: list[Variable]

    def back(self, cts: Cotangents, *, create_graph: bool, batch: int | None) -> Sequence[Tensor | None]:
        # Others may lead through the same graph: it goes with the last of them.
        return _differentiated(self.inside, self.variables, cts, create_graph, batch, keep=True)


def _differentiated(
    results: dict[int, Tensor],
    variables: list[Variable],
    cts: Cotangents,
    create_graph: bool,
    batch: int | None,
    *,
    keep: bool,
) -> list[Tensor | None]:
    """The gradients of results with respect to the variables.

    With `create_graph` they lead on to what the variables, and the cotangents, stand for.
    """
    weights = dict(cts)
    more: list[Variable] = []
    if create_graph:
        for k, ct in cts.items():
            if ct._tracked:
                # Gradients are asked for by value: this one's must lead nowhere.
                with grad_mode(False):
                    weights[k] = p.identity(ct)
                weights[k]._tracked = True
                more.append((weights[k], ct._value, _edge(ct)))
    pairs = [(results[k], ct) for k, ct in weights.items() if edge_of(results[k]) is not None]
    if not pairs:
        return [None] * len(variables)
    found = gradients(
        [y for y, _ in pairs],
        [x for x, _, _ in variables],
        [ct for _, ct in pairs],
        retain_graph=keep,
        create_graph=create_graph,
        batched=batch is not None,
    )
    inside = {k: g for k, g in enumerate(found) if g is not None and g._tracked}
    if inside:
        variables = [*variables, *more]
        node = _Closed.__new__(_Closed)
        node.inside, node.variables = inside, variables
        node.start(_LABEL, [(value, edge) for _, value, edge in variables])
        with grad_mode(False):
            shown = {k: p.identity(g) for k, g in inside.items()}
        for k, g in shown.items():
            g._edge, g._tracked = (node, k), True
        node.finish({k: g._value for k, g in shown.items()}, len(found))
        found = [shown.get(k, g) for k, g in enumerate(found)]
    return found


def _edge(tensor: Tensor) -> Edge:
    edge = edge_of(tensor)
    assert edge is not None, "it requires a gradient"
    return edge


def _ready(cts: Cotangents) -> Tensor:
    """A condition without elements, so always met, but known only when the gradients are.

    What is computed again must not be taken for what was computed before, nor be computed already.
    """
    with grad_mode(False):
        ct = next(iter(cts.values()), None)
        flat = constant(1.0, float32) if ct is None else ct
        flat = p.reshape(flat, shape=(flat._value.spec.size,))
        return p.isfinite(p.slice(flat, starts=(0,), limits=(0,), strides=(1,)))


@contextmanager
def _drawing(state: Tensor | None) -> Iterator[None]:
    """Inside, random draws are those after a state; afterwards they go on where they were."""
    if state is None:
        yield
        return
    before = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(before)
