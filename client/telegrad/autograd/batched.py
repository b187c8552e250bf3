"""Gradients of batches: inside `vmap`, and for many cotangents at once.

A pass is made on whole batches. Examples do not depend on each other, so the gradient of the whole with
respect to the whole is, example by example, each one's own. Where only the cotangents differ from example to
example the pass itself is batched: one request, many cotangents.
"""

from __future__ import annotations

from collections.abc import Sequence

from telegrad import _primitives as p
from telegrad.autograd.graph import edge_of
from telegrad.autograd.task import Pass
from telegrad.recording.batching import Level, batch_of, example, innermost, whole_of
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError

Tensors = Sequence[Tensor]
Cotangents = Sequence[Tensor | None]
Gradients = list[Tensor | None]


def gradients(
    roots: Tensors,
    inputs: Tensors,
    cotangents: Cotangents,
    *,
    retain_graph: bool,
    create_graph: bool,
    batched: bool = False,
    unused: bool = True,
) -> Gradients:
    """The gradients of the roots with respect to the inputs, recorded and not sent.

    Args:
        roots: what to differentiate.
        inputs: by what.
        cotangents: the weight of each of the roots' elements; None stands for ones.
        retain_graph: keep what derivatives read.
        create_graph: let the gradients be differentiated themselves.
        batched: cotangents have a leading axis, and so get the gradients.
        unused: give None for an input that the roots do not depend on, in place of an error.

    Shape: cotangents[i] like roots[i], result[k] like inputs[k]; where batched (n, ...) like these.

    Raises:
        GradientError: no graph, a freed one, an input that is not used, or that does not tell apart the
            examples which a root tells apart.
    """
    level = innermost([*roots, *inputs, *[ct for ct in cotangents if ct is not None]])
    options = {"retain_graph": retain_graph, "create_graph": create_graph, "unused": unused}
    if level is None:
        size = next((ct._spec.shape[0] for ct in cotangents if ct is not None), 0) if batched else None
        task = Pass(list(roots), list(cotangents), create_graph=create_graph, batch=size)
        targets = task.chosen(inputs)
        if not unused:
            task.require_used(targets, retain_graph=retain_graph)
        return task.run(targets, retain_graph=retain_graph)
    with grad_mode(create_graph):
        if any(batch_of(x, level)[1] for x in (*roots, *inputs)):
            _require_carried(roots, inputs, level)
            with grad_mode(True):
                wholes = [whole_of(root, level) for root in roots]
            cts = [None if ct is None else _inside(ct, level, batched=batched) for ct in cotangents]
            sources = [batch_of(x, level)[0] for x in inputs]
            found = gradients(wholes, sources, cts, batched=batched, **options)
            if batched:
                found = [None if f is None else _swapped(f) for f in found]
        else:
            cts = [None if ct is None else _flat(whole_of(ct, level), batched=batched) for ct in cotangents]
            found = gradients(roots, inputs, cts, batched=True, **options)
            if batched:
                found = [None if f is None else _unflat(f, level) for f in found]
        return [None if f is None else example(f, level) for f in found]


def _require_carried(roots: Tensors, inputs: Tensors, level: Level) -> None:
    if not any(batch_of(root, level)[1] and edge_of(root) is not None for root in roots):
        return
    for i, x in enumerate(inputs):
        if not batch_of(x, level)[1]:
            raise GradientError(
                f"grad: inside vmap an input is different for each example, but input {i} of shape "
                f"{tuple(x.shape)} is one for all; use telegrad.func.grad or telegrad.func.vjp, whose "
                "gradients are each example's own"
            )


def _inside(ct: Tensor, level: Level, *, batched: bool) -> Tensor:
    """A cotangent for the whole batch.

    Shape: (...) gives (size, ...), or where batched (n, ...) gives (n, size, ...)
    """
    return _swapped(whole_of(ct, level)) if batched else whole_of(ct, level)


def _swapped(x: Tensor) -> Tensor:
    """The first two dimensions in the other order."""
    return p.transpose(x, perm=(1, 0, *range(2, x._spec.ndim)))


def _flat(x: Tensor, *, batched: bool) -> Tensor:
    """Two batch axes as one."""
    if not batched:
        return x
    m, n, *rest = x._spec.shape
    return p.reshape(x, shape=(m * n, *rest))


def _unflat(x: Tensor, level: Level) -> Tensor:
    """One batch axis as two, the level's first."""
    both, *rest = x._spec.shape
    inner = both // level.size if level.size else 0
    return p.reshape(x, shape=(level.size, inner, *rest))
