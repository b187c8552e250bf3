"""`backward()` and `grad()`: torch's checks, one request to the server, gradients where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.autograd.mode import MODE
from telegrad.autograd.task import Pass, accumulate
from telegrad.making.promotion import cast
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError, ShapeError
from telegrad_proto.spec import batch_of

Tensors = Tensor | Sequence[Tensor]


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
        retain_graph: keep what derivatives read, so that a pass can go through again; by default what
            `create_graph` is.
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
    if MODE.levels:
        from telegrad.recording.batching import refuse  # what never maps never loads it

        refuse(
            roots,
            "backward() called inside vmap. This is not supported, please call backward() outside vmap or "
            "instead use func.grad inside vmap",
        )
    cts = [_cotangent(i, root, weight) for i, (root, weight) in enumerate(_paired(roots, weights))]
    task = Pass(roots, cts, create_graph=create_graph)
    targets = task.leaves() if chosen is None else task.chosen(chosen)
    gradients = task.run(targets, retain_graph=create_graph if retain_graph is None else retain_graph)
    totals: dict[int, Tensor] = {}
    leaves: dict[int, Tensor] = {}
    with grad_mode(create_graph):
        for target, gradient in zip(targets, gradients, strict=True):
            if gradient is None:
                continue
            leaf = target.tensor
            # A leaf that was written to in place was used under several values: its gradient is the sum.
            before = totals.get(id(leaf))
            totals[id(leaf)] = gradient if before is None else p.add(before, gradient)
            leaves[id(leaf)] = leaf
        added = [accumulate(leaf, totals[key], create_graph=create_graph) for key, leaf in leaves.items()]
    task.send(added)
    for leaf in leaves.values():
        if leaf._extra is not None and leaf._extra.after:
            for after in list(leaf._extra.after.values()):
                after(leaf)


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
        retain_graph: keep what derivatives read, so that a pass can go through again; by default what
            `create_graph` is.
        create_graph: let the gradients be differentiated themselves.
        only_inputs: as in torch, no other value is offered.
        allow_unused: give None for an input that the outputs do not depend on.
        is_grads_batched: each weight stands for many, along a leading axis, and each gradient has one too:
            all of them in one pass.
        materialize_grads: give zeros in place of None.

    Raises:
        GradientError: no graph, a freed one, a root that is no scalar, an unused input: torch's text.
    """
    if materialize_grads and allow_unused is False:
        raise GradientError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if not only_inputs:
        raise GradientError("grad: only_inputs=False is not offered, as in torch")
    roots, wanted = _sequence(outputs), _sequence(inputs)
    if not wanted:
        raise GradientError("`inputs` argument to `grad()` cannot be empty.")
    batch, pairs = None, _paired(roots, grad_outputs)
    if is_grads_batched:
        batch = _batch(pairs)
    cts = [_cotangent(i, root, weight, batch) for i, (root, weight) in enumerate(pairs)]
    retain = create_graph if retain_graph is None else retain_graph
    unused = bool(allow_unused) or materialize_grads
    if MODE.levels:
        from telegrad.autograd.batched import gradients  # what never maps never loads it

        options = {"retain_graph": retain, "create_graph": create_graph, "unused": unused}
        found = gradients(roots, wanted, cts, batched=is_grads_batched, **options)
    else:
        task = Pass(roots, cts, create_graph=create_graph, batch=batch)
        targets = task.chosen(wanted)
        if not unused:
            task.require_used(targets, retain_graph=retain)
        found = task.run(targets, retain_graph=retain)
        if MODE.deferred is None:  # else the pass that this one is part of sends it
            task.send([gradient for gradient in found if gradient is not None])
    if materialize_grads:
        return tuple(_zeros(t, batch) if g is None else g for t, g in zip(wanted, found, strict=True))
    return tuple(found)


def _sequence(tensors: Any) -> list[Tensor]:
    found = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for tensor in found:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected Tensor or a sequence of Tensors, but got {type(tensor).__name__}")
    return found


def _paired(roots: list[Tensor], given: Any) -> list[tuple[Tensor, Any]]:
    """One weight a root."""
    weights: list[Any] = (
        [None] * len(roots) if given is None else [given] if isinstance(given, Tensor) else list(given)
    )
    if len(weights) != len(roots):
        raise GradientError(f"got {len(roots)} tensors and {len(weights)} gradients")
    return list(zip(roots, weights, strict=True))


def _batch(pairs: list[tuple[Tensor, Any]]) -> int:
    """The length of the weights' leading axis."""
    for _, weight in pairs:
        if isinstance(weight, Tensor):
            if not weight.ndim:
                raise GradientError(
                    "grad: is_grads_batched=True requires grad_outputs with a leading axis, got a 0-d tensor"
                )
            return weight._value.spec.shape[0]
    raise GradientError("grad: is_grads_batched=True requires grad_outputs, got None")


def _cotangent(i: int, root: Tensor, weight: Any, batch: int | None = None) -> Tensor | None:
    """A root's weight, of its shape and type."""
    spec = root._value.spec
    if weight is None:
        root._refresh()
        if root._tracked:
            if spec.size != 1:
                raise GradientError("grad can be implicitly created only for scalar outputs")
            if spec.dtype.kind == "c":
                raise GradientError(
                    f"grad can be implicitly created only for real scalar outputs but got {spec.dtype!r}"
                )
        return None
    if not isinstance(weight, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(weight).__name__}")
    if weight._value.spec.shape != batch_of(spec, batch).shape:
        raise ShapeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {weight.shape!r} and output[{i}] has a "
            f"shape of {root.shape!r}."
        )
    if (weight.dtype.kind == "c") != (spec.dtype.kind == "c"):
        raise GradientError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch "
            "in dtype: "
            f"grad_output[{i}] has a dtype of {weight.dtype!r} and output[{i}] has a dtype of {spec.dtype!r}."
        )
    return cast(weight, spec.dtype)


def _zeros(like: Tensor, batch: int | None) -> Tensor:
    spec = batch_of(like._value.spec, batch)
    return p.full(shape=spec.shape, fill=0, dtype=spec.dtype)
