"""What torch has for several tensors of a graph together: a hook of all their gradients, counts of writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self
from weakref import WeakKeyDictionary

from telegrad.autograd.graph import Edge, Node, counter_of, edge_of
from telegrad.autograd.hooks import Handle
from telegrad.autograd.mode import MODE
from telegrad.autograd.task import UNUSED, Pass
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, GradientError


class Handles:
    """Removes hooks again; a context that removes them at its end."""

    __slots__ = ("handles",)

    def __init__(self, handles: tuple[Handle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        """The hooks are called no more."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class _Gathering:
    """The gradients that one pass has brought so far.

    Attributes:
        missing: how many more there will be.
        found: by tensor; None for those that there are none of.
    """

    __slots__ = ("found", "missing")

    def __init__(self, missing: int, count: int) -> None:
        self.missing = missing
        self.found: list[Tensor | None] = [None] * count


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all"
) -> Handles:
    """Calls a function once in each backward pass with the gradients of several tensors.

    Args:
        tensors: all of them require gradients; with "any" others are left out.
        fn: with "all" takes a list, when the last gradient is there, with None for tensors that the pass does
            not come to; with "any" the first gradient that is there.
        mode: "all" or "any".

    Raises:
        ArgumentError: another mode.
        GradientError: a tensor requires no gradient.
    """
    if mode not in ("all", "any"):
        raise ArgumentError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        called: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()

        def first(gradient: Tensor) -> None:
            if MODE.task not in called:
                called[MODE.task] = True
                fn(gradient)

        return Handles(tuple(x.register_hook(first) for x in tensors if x.requires_grad))
    edges = [edge_of(x) for x in tensors]
    passes: WeakKeyDictionary[Any, _Gathering] = WeakKeyDictionary()

    def gather(place: int) -> Callable[[Tensor], None]:
        def one(gradient: Tensor) -> None:
            here = passes.get(MODE.task)
            if here is None:
                coming = sum(edge is not None and _comes_to(MODE.task, edge) for edge in edges)
                here = passes[MODE.task] = _Gathering(coming, len(edges))
            here.found[place] = gradient
            here.missing -= 1
            if not here.missing:
                fn(here.found)

        return one

    return Handles(tuple(x.register_hook(gather(place)) for place, x in enumerate(tensors)))


def _comes_to(task: Pass, edge: Edge) -> bool:
    """Whether a pass calls the hooks of a tensor with this edge."""
    if isinstance(edge[0], Node):
        return edge[0] in task.reached.nodes and task._arrived(edge)
    return any(each.edge[0] is edge[0] and each.value is not UNUSED for each in task.targets)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Counts a write in place that was none: who saved the tensors for a derivative finds them changed.

    Raises:
        GradientError: no tensor.
    """
    for each in (tensor,) if isinstance(tensor, Tensor) else tuple(tensor):
        if not isinstance(each, Tensor):
            raise GradientError(f"increment_version expects each element to be a tensor, got {type(each)}")
        counter_of(each).version += 1
