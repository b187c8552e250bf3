"""Backward requests: from the message to values, with every check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from telegrad_proto.errors import ArityError, GradientError, ShapeError
from telegrad_proto.ir import Value
from telegrad_proto.spec import batch_of as batch_of

if TYPE_CHECKING:  # a client that only records must not wait for the messages' modules
    from telegrad_proto.v1 import graph_pb2

_WHERE: Final = "backward"


@dataclass(frozen=True, slots=True)
class DecodedBackward:
    """A backward request in values; `cotangents[i]` is None where ones are meant.

    `batch` is the length of the cotangents' leading axis; None: they have none.
    """

    roots: tuple[Value, ...]
    cotangents: tuple[Value | None, ...]
    wrt: tuple[Value, ...]
    gradients: tuple[int, ...]
    retain_graph: bool
    create_graph: bool
    batch: int | None = None


def decode_backward(
    message: graph_pb2.Backward, *, value: Callable[[int, str], Value], track: Callable[[Value], None]
) -> DecodedBackward:
    """The backward request in a message.

    Args:
        message: the request.
        value: the value that an id names, for whom it is looked up.
        track: notes that a value is differentiated by although no node said so.

    Raises:
        GradientError: roots and cotangents, or wrt and gradients, that do not pair or fit.
        StructureError: ids that name nothing.
        LimitError: a gradient that passes a bound.
    """
    roots = tuple([value(i, _WHERE) for i in message.roots[:]])
    wrt = tuple([value(i, _WHERE) for i in message.wrt[:]])
    cts = tuple([value(i, _WHERE) if i else None for i in message.cotangents[:]])
    gradients = tuple(message.gradients[:])
    if not roots or not wrt:
        raise GradientError(
            f"backward: requires roots and values to differentiate by, got {len(roots)} and {len(wrt)}"
        )
    if len(cts) != len(roots):
        raise ArityError(f"backward: requires a cotangent a root ({len(roots)}), got {len(cts)}")
    if len(gradients) != len(wrt):
        raise ArityError(f"backward: requires an id a gradient ({len(wrt)}), got {len(gradients)}")
    batch = _batch(cts) if message.batched else None
    for root, ct in zip(roots, cts, strict=True):
        if not root.spec.dtype.is_differentiable:
            raise GradientError(f"backward: a root is floating point or complex, got {root.spec!r}")
        if ct is None:
            continue
        wanted = batch_of(root.spec, batch)
        if ct.spec is not wanted:
            raise ShapeError(
                f"backward: a cotangent has its root's shape and type {wanted!r}, got {ct.spec!r}"
            )
        if message.create_graph and not ct.differentiable:
            track(ct)  # the gradient is linear in it, and can be differentiated by it
    for target in wrt:
        if not target.spec.dtype.is_differentiable:
            raise GradientError(
                f"backward: gradients are for floating point or complex values, got {target.spec!r}"
            )
        batch_of(target.spec, batch)
    return DecodedBackward(roots, cts, wrt, gradients, message.retain_graph, message.create_graph, batch)


def _batch(cotangents: tuple[Value | None, ...]) -> int:
    """How many passes a batched request asks for."""
    for ct in cotangents:
        if ct is not None:
            if not ct.spec.ndim:
                raise ShapeError(f"backward: a batch of cotangents has a leading axis, got {ct.spec!r}")
            return ct.spec.shape[0]
    raise ArityError("backward: a batched request requires a cotangent, got none")
