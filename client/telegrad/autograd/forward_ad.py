"""Forward mode, step by step: `make_dual`, any computation, `unpack_dual`.

A dual tensor is a variable of its own. Its tangent is kept beside it, and the tangent of a result is the
transpose of the result's gradient, as `func.jvp` makes it: there is no second set of rules. So duals count as
tensors that require gradients, and gradient mode has to be on where they are computed with.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Final, NamedTuple, Self

from telegrad.autograd import walk
from telegrad.autograd.graph import edge_of
from telegrad.func.forward import Push
from telegrad.func.reverse import Run
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent; None where it has none."""

    primal: Tensor
    tangent: Tensor | None


class _Level:
    """The duals of one level.

    Attributes:
        run: holds the variables.
        tangents: the tangent of each.
    """

    def __init__(self) -> None:
        self.run = Run()
        self.run.call.running = True
        self.tangents: list[Tensor] = []


class _Levels(threading.local):
    def __init__(self) -> None:
        self.stack: list[_Level] = []


_LEVELS: Final = _Levels()


def enter_dual_level() -> int:
    """The number of a new level, in which duals can be made."""
    _LEVELS.stack.append(_Level())
    return len(_LEVELS.stack) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """Ends the latest level; its duals have no tangents any more.

    Args:
        level: its number.

    Raises:
        GradientError: it is not the latest.
    """
    latest = len(_LEVELS.stack) - 1
    if latest < 0 or level not in (None, latest):
        raise GradientError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not "
            "supported."
        )
    _LEVELS.stack.pop().run.call.running = False


class dual_level:
    """A context that is a level."""

    def __enter__(self) -> Self:
        self.level = enter_dual_level()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        exit_dual_level(level=self.level)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor with a tangent, the direction in which it moves.

    Args:
        tensor: the value.
        tangent: of its shape.
        level: the level's number; the latest by default.

    Raises:
        GradientError: there is no level, or the tangent has another shape.
        ArgumentError: a type without derivatives.
    """
    if not _LEVELS.stack:
        raise GradientError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for what, given in (("primal", tensor), ("tangent", tangent)):
        if not given.dtype.is_differentiable:
            raise ArgumentError(f"Expected {what} to be floating point or complex, but got: {given.dtype!r}")
    if tensor.shape != tangent.shape:
        raise GradientError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, "
            f"this is not supported. Tensor is of size {list(tensor.shape)} while the given forward gradient "
            f"is of size {list(tangent.shape)}."
        )
    chosen = _LEVELS.stack[-1 if level is None else level]
    chosen.tangents.append(tangent)
    return chosen.run.variable(tensor)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of what was computed from duals, and its tangent.

    Args:
        tensor: the result.
        level: whose tangents; the latest level's by default.
    """
    edge = edge_of(tensor)
    if not _LEVELS.stack or edge is None:
        return UnpackedDualTensor(tensor, None)
    chosen = _LEVELS.stack[-1 if level is None else level]
    ends = {id(end[0]) for end in map(edge_of, chosen.run.variables) if end is not None}
    nodes = walk.reach([edge], None).nodes
    if id(edge[0]) not in ends and not any(id(e[0]) in ends for n in nodes for e in n.edges if e is not None):
        return UnpackedDualTensor(tensor, None)
    way = Run()
    way.call, way.variables = chosen.run.call, chosen.run.variables
    way.finish([tensor])
    (tangent,) = Push(way)(chosen.tangents)
    return UnpackedDualTensor(way.released(tensor), tangent)
