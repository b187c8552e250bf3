"""Forward mode as functions of functions: `jvp`, `jacfwd`, `hessian`, `linearize`.

The gradient is linear in its cotangent, and the transpose of that linear function is the directional
derivative: `jvp` is a gradient by the cotangent. It costs one more backward pass than forward mode would, and
needs no second set of rules. Many directions are one batched pass.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from telegrad.autograd.batched import gradients
from telegrad.autograd.graph import edge_of
from telegrad.autograd.mode import MODE
from telegrad.func.arguments import Argnums, replaced, selected
from telegrad.func.jacobian import basis, jacrev, split
from telegrad.func.reverse import Run, run, tensors_of, zeros
from telegrad.func.trees import Structure, flatten, unflatten
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError

_NAME = "jvp(f, primals, tangents)"


class Push:
    """From directions at the arguments to directions at the outputs.

    Args:
        way: a function's run.
        results: what came of it: integers go nowhere; by default the outputs that the run is finished with.
    """

    def __init__(self, way: Run, results: Sequence[Tensor] | None = None) -> None:
        self.way = way
        if results is not None:
            way.finish([y for y in results if y.dtype.is_differentiable])
        self.results = way.outputs if results is None else results
        weights = Run()
        with grad_mode(True):
            self.weights = [weights.variable(zeros(y)) for y in way.outputs]
            before, MODE.pushing = MODE.pushing, True
            try:
                self.linear = way.back(self.weights, retain_graph=True, create_graph=True)
            finally:
                MODE.pushing = before

    def __call__(self, tangents: Sequence[Tensor], *, batched: bool = False) -> list[Tensor]:
        """The results' directions.

        Shape: tangents[i] like variables[i], result[k] like results[k]; where batched (n, ...) like these.
        """
        pairs = [(g, t) for g, t in zip(self.linear, tangents, strict=True) if edge_of(g) is not None]
        found: list[Tensor | None] = [None] * len(self.weights)
        if pairs:
            outer = MODE.grad and (self.way.outer or any(t._tracked for t in tangents))
            found = gradients(
                [g for g, _ in pairs],
                self.weights,
                [t for _, t in pairs],
                retain_graph=True,
                create_graph=outer,
                batched=batched,
            )
        size = tangents[0]._spec.shape[0] if batched else None
        moved = iter(found)
        ways = [next(moved) if y.dtype.is_differentiable else None for y in self.results]
        return [zeros(y, size) if f is None else f for y, f in zip(self.results, ways, strict=True)]


def jvp(
    func: Callable[..., Any],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """A function's output, and how it changes in a direction.

    Args:
        func: takes the primals; gives tensors, in any nesting.
        primals: the arguments.
        tangents: the direction, of the same structure.
        strict: refuse an output that does not depend on the arguments.
        has_aux: the function gives a pair, of which the second part is handed on as a third result.

    Raises:
        GradientError: structures that differ, or what the function gave is no tensors: torch's text.
        ArgumentError: a primal or a direction is of integers.
    """
    if not isinstance(primals, tuple):
        raise GradientError(
            f"{_NAME}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    directions = _directions(primals, tangents)
    way, output, aux = run(_NAME, func, primals, lambda given: func(*given), has_aux=has_aux)
    leaves, shape = tensors_of(_NAME, output)
    if strict and any(edge_of(y) is None for y in leaves):
        raise GradientError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is "
            "not allowed with strict=True."
        )
    moved = unflatten(Push(way, leaves)(directions), shape)
    shown = way.released(output)
    return (shown, moved, way.released(aux)) if has_aux else (shown, moved)


def _directions(primals: tuple[Any, ...], tangents: Any) -> list[Tensor]:
    leaves, structure = flatten(primals)
    found, other = flatten(tangents)
    if structure != other:
        raise GradientError(
            f"{_NAME}: Expected primals and tangents to have the same python structure. For example, if "
            "primals is a tuple of 3 tensors, tangents also must be. Got primals with structure "
            f"{structure} and tangents with structure {other}"
        )
    for what, values in (("primals", leaves), ("tangents", found)):
        if not values:
            raise GradientError(f"{_NAME}: Expected {what} to contain at least one Tensor.")
        for value in values:
            if not isinstance(value, Tensor):
                raise GradientError(f"{_NAME}: Expected {what} to only contain Tensors, got {type(value)}")
    _require_floating("primal", leaves)
    _require_floating("tangent", found)
    for x, t in zip(leaves, found, strict=True):
        if x._spec.shape != t._spec.shape:
            raise GradientError(
                f"{_NAME}: a tangent has its primal's shape {list(x.shape)}, got {list(t.shape)}"
            )
    return found


def _require_floating(what: str, tensors: Sequence[Tensor]) -> None:
    for x in tensors:
        if not x.dtype.is_differentiable:
            raise ArgumentError(f"Expected {what} to be floating point or complex, but got: {x.dtype}")


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """A function's output, and its linear approximation there: a function of directions."""
    way, output, _ = run("linearize(f, *primals)", func, primals, lambda given: func(*given), has_aux=False)
    leaves, shape = tensors_of("linearize(f, *primals)", output)
    push = Push(way, leaves)

    def jvp_fn(*tangents: Any) -> Any:
        return unflatten(push(_directions(primals, tangents)), shape)

    return way.released(output), jvp_fn


def jacfwd(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable[..., Any]:
    """The function that gives the Jacobian of another, all directions in one batched pass.

    Args:
        func: gives tensors, in any nesting.
        argnums: which arguments to differentiate by.
        has_aux: the function gives a pair, of which the second part is handed on beside the Jacobian.
        chunk_size: at most so many directions at once.
        randomness: accepted: the function runs once, so that its draws are the same for all directions.

    Raises:
        ArgumentError: an argument is of integers.
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = selected(args, argnums)
        _require_floating("primal", [x for x in flatten(chosen)[0] if isinstance(x, Tensor)])
        way, output, aux = run(
            "jacfwd(f)",
            func,
            chosen,
            lambda given: func(*replaced(args, argnums, given), **kwargs),
            has_aux=has_aux,
        )
        leaves, shape = tensors_of("jacfwd(f)", output)
        push = Push(way, leaves)
        columns = [
            push(part, batched=True) for part in basis(way.variables, chunk_size)
        ]  # each (n, *output's shape)
        arguments = flatten(chosen)[1]
        found = [
            _by_input(split([part[k] for part in columns], way.variables), y, way.variables, arguments)
            for k, y in enumerate(leaves)
        ]
        result = unflatten(found, shape)
        return (result, way.released(aux)) if has_aux else result

    return jacobian


def _by_input(pieces: list[Tensor], output: Tensor, variables: Sequence[Tensor], arguments: Structure) -> Any:
    """One output's Jacobian: the input's dimensions, which came first, behind the output's."""
    found = []
    for piece, x in zip(pieces, variables, strict=True):
        behind = piece.movedim(0, -1)
        found.append(behind.reshape((*output._spec.shape, *x._spec.shape)))
    return unflatten(found, arguments)


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of another: a Jacobian of its Jacobian."""
    return jacfwd(jacrev(func, argnums), argnums)
