"""Reverse mode as functions of functions: `vjp`, `grad`, `grad_and_value`, `jacrev`.

A transform gives the function variables of its own, made of the arguments, and differentiates by these. What
it returns depends on nothing of that unless somebody around it differentiates too. Inside `vmap` a variable
tells all examples apart, so that gradients are each example's own. Nothing is sent here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from telegrad import _primitives as p
from telegrad.autograd import walk
from telegrad.autograd.batched import gradients
from telegrad.autograd.graph import Edge, edge_of, leaf_edge
from telegrad.autograd.mode import MODE
from telegrad.func.arguments import replaced, selected
from telegrad.func.trees import Structure, flatten, mapped, unflatten
from telegrad.recording.batching import Level, batch_of, example, repeated
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, make
from telegrad_proto.errors import GradientError


class _Call:
    """Whether a transform's function is running."""

    __slots__ = ("__weakref__", "running")

    def __init__(self) -> None:
        self.running = False


#: The ends of the graphs of variables, with the call that they were made for.
_ENDS: Final[WeakKeyDictionary[Any, _Call]] = WeakKeyDictionary()


class Run:
    """A function's results for variables, and the way back.

    Attributes:
        variables: what it was differentiated by.
        outputs: the results that are differentiated.
        outer: somebody around differentiates too.
    """

    def __init__(self) -> None:
        self.variables: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.outer = False
        self.call = _Call()

    def variable(self, x: Tensor) -> Tensor:
        """A variable with an argument's value; where the argument takes a gradient, one flows on to it.

        Raises:
            GradientError: the argument is no floating point or complex tensor.
        """
        if x.dtype.kind not in "fc":
            raise GradientError("only Tensors of floating point dtype can require gradients")
        with grad_mode(True):
            made = self._variable(x, MODE.levels)
        self.variables.append(made)
        return made

    def _variable(self, x: Tensor, levels: Sequence[Level]) -> Tensor:
        if not levels:
            if x._tracked:
                return p.identity(x)
            leaf = make(x._refresh(), tracked=True)
            made = p.identity(leaf)
            _ENDS[leaf_edge(leaf)[0]] = self.call
            return made
        whole, carried = batch_of(x, levels[-1])
        if not carried:
            whole = repeated(whole, levels[-1].size)
        return example(self._variable(whole, levels[:-1]), levels[-1])

    def finish(self, outputs: Sequence[Tensor]) -> None:
        """Notes what came of the variables."""
        self.outputs = list(outputs)
        edges = [edge for edge in map(edge_of, outputs) if edge is not None]
        self.outer = self._leads_out(edges)

    def released(self, tree: Any) -> Any:
        """The same results, as what is around may see them."""
        return mapped(self._released, tree)

    def _released(self, x: Any) -> Any:
        if not isinstance(x, Tensor) or not x._tracked:
            return x
        edge = edge_of(x)
        assert edge is not None, "it is tracked"
        return x if MODE.grad and self._leads_out([edge]) else make(x._value)

    def _leads_out(self, edges: Sequence[Edge]) -> bool:
        """Whether gradients flow on to what is around: a user's leaf, or a transform that is running."""
        calls = [_ENDS.get(leaf) for leaf in walk.reach(edges, None).leaves]
        return any(call is None or (call.running and call is not self.call) for call in calls)

    def back(
        self,
        cotangents: Sequence[Tensor | None],
        *,
        retain_graph: bool,
        create_graph: bool | None = None,
        batched: bool = False,
    ) -> list[Tensor]:
        """The gradients of the outputs, weighted, with respect to the variables; zeros where there are none.

        Shape: cotangents[i] like outputs[i], result[k] like variables[k]; where batched (n, ...) like these.
        """
        if create_graph is None:
            weights = any(ct is not None and ct._tracked for ct in cotangents)
            create_graph = MODE.grad and (self.outer or weights)
        pairs = [(y, ct) for y, ct in zip(self.outputs, cotangents, strict=True) if edge_of(y) is not None]
        found: list[Tensor | None] = [None] * len(self.variables)
        if pairs:
            found = gradients(
                [y for y, _ in pairs],
                self.variables,
                [ct for _, ct in pairs],
                retain_graph=retain_graph or create_graph,
                create_graph=create_graph,
                batched=batched,
            )
        size = next((ct._spec.shape[0] for ct in cotangents if ct is not None), 0) if batched else None
        return [zeros(x, size) if g is None else g for x, g in zip(self.variables, found, strict=True)]


def zeros(like: Tensor, size: int | None = None) -> Tensor:
    """Zeros of a tensor's spec; with a size so many, along a leading axis."""
    spec = like._spec
    shape = spec.shape if size is None else (size, *spec.shape)
    return p.full(shape=shape, fill=0, dtype=spec.dtype)


def run(
    name: str, func: Callable[..., Any], arguments: Any, call: Callable[[Any], Any], *, has_aux: bool
) -> tuple[Run, Any, Any]:
    """Calls a function with variables in place of arguments: the way back, the output's tree, what is beside.

    Args:
        name: of the transform, for messages.
        func: what is differentiated, for messages.
        arguments: the tree of arguments to differentiate by.
        call: calls the function with these.
        has_aux: the function gives a pair, of which the second part is not differentiated.
    """
    way = Run()
    leaves, structure = flatten(arguments)
    with grad_mode(True):
        inside = [way.variable(x) if isinstance(x, Tensor) else x for x in leaves]
        way.call.running = True
        try:
            output = call(unflatten(inside, structure))
        finally:
            way.call.running = False
    aux = None
    if has_aux:
        if not (isinstance(output, tuple) and len(output) == 2):
            raise GradientError(
                f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        output, aux = output
    return way, output, aux


def tensors_of(name: str, output: Any) -> tuple[list[Tensor], Structure]:
    """The tensors that a function gave.

    Raises:
        GradientError: it gave something else, torch's text.
    """
    leaves, structure = flatten(output)
    if not leaves or (len(leaves) == 1 and leaves[0] is None):
        raise GradientError(
            f"{name}: Expected f to be a function that has non-empty output (got output = {leaves})"
        )
    for y in leaves:
        if not isinstance(y, Tensor):
            raise GradientError(
                f"{name}: expected f(*primals) to return only tensors, got unsupported type {type(y)}"
            )
    return leaves, structure


def outputs_of(name: str, output: Any) -> tuple[list[Tensor], Structure]:
    """The tensors that a function gave, floating point or complex all of them.

    Raises:
        GradientError: it gave something else, torch's text.
    """
    leaves, structure = tensors_of(name, output)
    for y in leaves:
        if not y.dtype.is_differentiable:
            raise GradientError(
                f"{name}: All outputs of f must be floating-point or complex Tensors, got Tensor with dtype "
                f"{y.dtype}"
            )
    return leaves, structure


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """A function's output, and the function from cotangents of the output to those of the arguments.

    Args:
        func: takes the primals; gives tensors, in any nesting.
        primals: the arguments to differentiate by.
        has_aux: the function gives a pair, of which the second part is handed on as a third result.

    Raises:
        GradientError: the output is no tensors, or cotangents have another structure.
    """
    way, output, aux = run("vjp(f, *primals)", func, primals, lambda given: func(*given), has_aux=has_aux)
    leaves, structure = outputs_of("vjp(f, *primals)", output)
    way.finish(leaves)
    _, arguments = flatten(primals)

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        cts, shape = flatten(cotangents)
        if shape != structure:
            raise GradientError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to "
                f"the function. cotangents: {shape}, primal output: {structure}"
            )
        for i, (y, ct) in enumerate(zip(leaves, cts, strict=True)):
            if ct._spec.shape != y._spec.shape:
                raise GradientError(
                    f"Mismatch in shape: grad_output[{i}] has a shape of {ct.shape!r} and output[{i}] has a "
                    f"shape of {y.shape!r}."
                )
        found = way.back(cts, retain_graph=retain_graph, create_graph=create_graph)
        return unflatten(found, arguments)

    shown = way.released(output)
    return (shown, vjp_fn, way.released(aux)) if has_aux else (shown, vjp_fn)


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that gives the gradient of another, a scalar one, and its value.

    Args:
        func: gives a 0-d tensor.
        argnums: which arguments to differentiate by; the gradient has the same structure as they.
        has_aux: the function gives a pair, of which the second part is handed on beside the value.
    """
    name = "grad_and_value(f)(*args)"

    @functools.wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        chosen = selected(args, argnums)
        way, output, aux = run(
            name,
            func,
            chosen,
            lambda given: func(*replaced(args, argnums, given), **kwargs),
            has_aux=has_aux,
        )
        if not isinstance(output, Tensor):
            raise GradientError(f"{name}: Expected f(*args) to return a Tensor, got {type(output)}")
        if output.ndim:
            raise GradientError(
                f"{name}: Expected f(*args) to return a scalar Tensor, got tensor with {output.ndim} dims. "
                "Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        way.finish([output])
        gradient = unflatten(way.back([None], retain_graph=False), flatten(chosen)[1])
        value = way.released(output)
        return gradient, ((value, way.released(aux)) if has_aux else value)

    return both


def grad(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that gives the gradient of another, a scalar one.

    Args:
        func: gives a 0-d tensor.
        argnums: which arguments to differentiate by; the gradient has the same structure as they.
        has_aux: the function gives a pair, of which the second part is handed on beside the gradient.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient
