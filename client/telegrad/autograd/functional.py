"""`autograd.functional`: derivatives of a function at a point, in torch's older style.

Jacobians are one batched backward pass whatever `vectorize` says; it is there for torch's sake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from telegrad import _primitives as p
from telegrad.autograd.batched import gradients
from telegrad.autograd.graph import edge_of
from telegrad.autograd.mode import MODE
from telegrad.func.forward import Push
from telegrad.func.jacobian import basis, split
from telegrad.func.reverse import Run, zeros
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, make
from telegrad_proto.errors import GradientError

Tensors = tuple[Tensor, ...]

_OUTPUTS: Final = "outputs of the user-provided function"


class _Function:
    """A function at a point: variables, outputs, and what it was given and gave, one tensor or several."""

    def __init__(
        self, name: str, func: Callable[..., Any], inputs: Any, *, graph: bool, strict: bool
    ) -> None:
        self.graph = graph
        self.strict = strict
        self.several_inputs, given = as_tuple(inputs, "inputs", name)
        self.run = Run()
        with grad_mode(True):
            variables = [self.run.variable(x if graph else x.detach()) for x in given]
            made = func(*variables)
        self.several_outputs, self.outputs = as_tuple(made, _OUTPUTS, name)
        self.inputs: Tensors = tuple(variables)
        self.run.finish(self.outputs)
        if strict:
            for i, y in enumerate(self.outputs):
                if not y.requires_grad:
                    raise GradientError(
                        f"Output {i} of the user-provided function does not require gradients. The outputs "
                        "must be computed in a differentiable manner from the input when running in strict "
                        "mode."
                    )

    def shown(self, results: Sequence[Tensor], *, several: bool) -> Any:
        """Results as the caller gets them: one or a tuple, without a graph unless one was asked for."""
        found = tuple(x if self.graph else make(x._refresh()) for x in results)
        return found if several else found[0]

    def back(self, cotangents: Sequence[Tensor | None], *, create_graph: bool) -> list[Tensor | None]:
        """The gradients with respect to the inputs."""
        return _gradients(self.outputs, self.inputs, cotangents, create_graph=create_graph)

    def single(self, name: str) -> None:
        """Accept one output of one element."""
        if self.several_outputs:
            raise GradientError(f"The function given to {name} should return a single Tensor")
        if self.outputs[0]._spec.size != 1:
            raise GradientError(
                f"The Tensor returned by the function given to {name} should contain a single element"
            )


def _gradients(
    roots: Sequence[Tensor],
    inputs: Sequence[Tensor],
    cotangents: Sequence[Tensor | None],
    *,
    create_graph: bool,
    batched: bool = False,
) -> list[Tensor | None]:
    pairs = [(y, ct) for y, ct in zip(roots, cotangents, strict=True) if edge_of(y) is not None]
    if not pairs:
        return [None] * len(inputs)
    return gradients(
        [y for y, _ in pairs],
        inputs,
        [ct for _, ct in pairs],
        retain_graph=True,
        create_graph=create_graph,
        batched=batched,
    )


def as_tuple(value: Any, what: str, name: str) -> tuple[bool, Tensors]:
    """Whether these are several tensors, and all of them.

    Raises:
        TypeError: something else, in torch's words.
    """
    several = isinstance(value, tuple)
    found = value if several else (value,)
    for i, item in enumerate(found):
        if not isinstance(item, Tensor):
            where = f"value at index {i}" if several else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {where} "
                f"has type {type(item)}."
            )
    return several, found


def _weights(
    v: Any, name: str, like: Tensors, *, several: bool, graph: bool, missing: str
) -> list[Tensor | None]:
    """The vector that a product is with, checked; ones of one element where there is none."""
    if v is None:
        if len(like) != 1 or like[0]._spec.size != 1:
            raise GradientError(f"The vector v can only be None if {missing}")
        return [None]
    _, found = as_tuple(v, "v", name)
    if len(found) != len(like):
        if several:
            raise GradientError(
                f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}."
            )
        raise GradientError("The given v should contain a single Tensor.")
    for i, (given, other) in enumerate(zip(found, like, strict=True)):
        if given.shape != other.shape:
            entry = f"Entry {i} in " if several else ""
            raise GradientError(
                f"{entry}v has invalid size: should be {other.shape!r} but got {given.shape!r}."
            )
    return [x if graph else x.detach() for x in found]


def _filled(found: Sequence[Tensor | None], like: Tensors, *, strict: bool, message: str) -> list[Tensor]:
    """Zeros in place of None, or torch's error where that is not allowed."""
    for i, gradient in enumerate(found):
        if gradient is None and strict:
            raise GradientError(message.format(i=i))
    return [zeros(x) if g is None else g for g, x in zip(found, like, strict=True)]


_INDEPENDENT: Final = (
    "The output of the user-provided function is independent of input {i}. This is not allowed in strict "
    "mode."
)
_ONE_OUTPUT: Final = "the user-provided function returns a single Tensor with a single element."
_ONE_INPUT: Final = "the input to the user-provided function is a single Tensor with a single element."


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The function's output, and the product of a vector with its Jacobian.

    Args:
        func: takes and gives one tensor or several.
        inputs: where.
        v: the vector, like the output; may be None for one element.
        create_graph: let both be differentiated.
        strict: refuse outputs that do not depend on all inputs.
    """
    at = _Function("vjp", func, inputs, graph=create_graph, strict=strict)
    weights = _weights(
        v, "vjp", at.outputs, several=at.several_outputs, graph=create_graph, missing=_ONE_OUTPUT
    )
    found = at.back(weights, create_graph=create_graph)
    made = _filled(found, at.inputs, strict=strict, message=_INDEPENDENT)
    return at.shown(at.outputs, several=at.several_outputs), at.shown(made, several=at.several_inputs)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The function's output, and the product of its Jacobian with a vector, which is like the inputs."""
    at = _Function("jvp", func, inputs, graph=create_graph, strict=strict)
    weights = _weights(v, "jvp", at.inputs, several=at.several_inputs, graph=create_graph, missing=_ONE_INPUT)
    if strict:
        slopes = at.back([zeros(y) for y in at.outputs], create_graph=False)
        _filled(slopes, at.inputs, strict=True, message=_INDEPENDENT)
    tangents = [_ones(x) if w is None else w for x, w in zip(at.inputs, weights, strict=True)]
    made = Push(at.run)(tangents)
    return at.shown(at.outputs, several=at.several_outputs), at.shown(made, several=at.several_outputs)


def _ones(like: Tensor) -> Tensor:
    return p.full(shape=like._spec.shape, fill=1, dtype=like.dtype)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The function's Jacobian: for each output and each input a tensor, nested as they are.

    Args:
        func: takes and gives one tensor or several.
        inputs: where.
        create_graph: let it be differentiated.
        strict: refuse outputs that do not depend on all inputs.
        vectorize: accepted: it is one batched pass in any case.
        strategy: "reverse-mode" (row by row) or "forward-mode" (column by column).

    Shape: for an output of shape s and an input of shape t: (*s, *t)
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has '
            'more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use '
            '"reverse-mode".'
        )
    at = _Function("jacobian", func, inputs, graph=create_graph, strict=strict)
    found = _by_columns(at) if strategy == "forward-mode" else _by_rows(at)
    rows = tuple(at.shown(row, several=at.several_inputs) for row in found)
    return rows if at.several_outputs else rows[0]


def _by_rows(at: _Function) -> list[list[Tensor]]:
    """For each output the Jacobians by the inputs."""
    # Whether each output depends on each input can be told only where they are looked at one by one.
    groups = [[y] for y in at.outputs] if at.strict else [list(at.outputs)]
    found: list[list[Tensor]] = []
    for group in groups:
        (cts,) = basis(group)
        count = sum(y._spec.size for y in group)
        rows = _gradients(group, at.inputs, cts, create_graph=at.graph, batched=True)
        if at.strict:
            _require_rows(rows, len(found), graph=at.graph)
        filled = [zeros(x, count) if r is None else r for r, x in zip(rows, at.inputs, strict=True)]
        columns = [split([row], group) for row in filled]
        for k, y in enumerate(group):
            pieces = zip(columns, at.inputs, strict=True)
            found.append([p.reshape(c[k], shape=(*y._spec.shape, *x._spec.shape)) for c, x in pieces])
    return found


def _require_rows(rows: Sequence[Tensor | None], output: int, *, graph: bool) -> None:
    for i, row in enumerate(rows):
        if row is None:
            raise GradientError(
                f"Output {output} of the user-provided function is independent of input {i}. This is not "
                "allowed in strict mode."
            )
        if graph and not row.requires_grad:
            raise GradientError(
                f"The jacobian of the user-provided function is independent of input {i}. This is not "
                "allowed in strict mode when create_graph=True."
            )


def _by_columns(at: _Function) -> list[list[Tensor]]:
    push = Push(at.run)
    (directions,) = basis(at.inputs)
    columns = push(directions, batched=True)
    found = []
    for y, column in zip(at.outputs, columns, strict=True):
        pieces = zip(split([column], at.inputs), at.inputs, strict=True)
        found.append([c.movedim(0, -1).reshape((*y._spec.shape, *x._spec.shape)) for c, x in pieces])
    return found


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function that gives one element: for each two inputs a tensor."""
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    several, _ = as_tuple(inputs, "inputs", "hessian")

    def gradient(*given: Tensor) -> Any:
        at = _Function("hessian", func, given, graph=True, strict=strict)
        at.single("hessian")
        found = at.back([None], create_graph=True)
        made = _filled(found, at.inputs, strict=strict, message=_INDEPENDENT)
        if strict:
            _require_graph(made)
        return tuple(made)

    found = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if several else found[0]


def _require_graph(jacobians: Sequence[Tensor]) -> None:
    for i, made in enumerate(jacobians):
        if not made.requires_grad:
            raise GradientError(
                "While computing the hessian, found that the jacobian of the user-provided function with "
                f"respect to input {i} is independent of the input. This is not allowed in strict mode. You "
                "should ensure that your function is twice differentiable and that the jacobian depends on "
                "the inputs (this would be violated by a linear function for example)."
            )


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output of a function that gives one element, and the product of a vector with its Hessian."""
    return _hessian_product("vhp", func, inputs, v, create_graph=create_graph, strict=strict)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output of a function that gives one element, and the product of its Hessian with a vector.

    It is `vhp`: the Hessian is symmetric.
    """
    return _hessian_product("hvp", func, inputs, v, create_graph=create_graph, strict=strict)


def _hessian_product(
    name: str, func: Callable[..., Any], inputs: Any, v: Any, *, create_graph: bool, strict: bool
) -> tuple[Any, Any]:
    at = _Function(name, func, inputs, graph=create_graph, strict=strict)
    weights = _weights(v, name, at.inputs, several=at.several_inputs, graph=create_graph, missing=_ONE_INPUT)
    at.single(name)
    with grad_mode(True):
        slopes = _filled(at.back([None], create_graph=True), at.inputs, strict=strict, message=_INDEPENDENT)
    if strict:
        _require_graph(slopes)
    cts = [_ones(x) if w is None else w for x, w in zip(at.inputs, weights, strict=True)]
    found = _gradients(slopes, at.inputs, cts, create_graph=create_graph and MODE.grad)
    made = _filled(found, at.inputs, strict=strict, message=_INDEPENDENT)
    return at.shown(at.outputs, several=at.several_outputs), at.shown(made, several=at.several_inputs)
