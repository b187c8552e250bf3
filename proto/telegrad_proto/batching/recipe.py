"""What batching rules are written with: operands that may carry a leading batch axis, and the batch itself.

A rule never computes and never knows who builds: it asks a Builder to apply primitives. The client's builder
records them, the engine's adds them to the graph of a backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.shapes import Shape
from telegrad_proto.spec import Spec

T = TypeVar("T")

Attrs = Mapping[str, Any]


class Builder(Protocol[T]):
    """Whoever a rule's primitives are handed to."""

    def spec(self, value: T, /) -> Spec: ...

    def apply(self, op: Op, inputs: Sequence[T], attrs: tuple[AttrValue, ...], /) -> Sequence[T]: ...


@dataclass(frozen=True, slots=True)
class Operand(Generic[T]):
    """One input of the operator that a rule is for.

    Attributes:
        value: what the builder knows; with a leading axis where `batched`.
        spec: that of one example, without the axis.
        batched: whether every example has its own.
    """

    value: T
    spec: Spec
    batched: bool


class Batch(Generic[T]):
    """So many examples at once: applies primitives, and gives operands the shape that a rule wants.

    Args:
        build: who the primitives are handed to.
        size: the number of examples.
    """

    __slots__ = ("build", "size")

    def __init__(self, build: Builder[T], size: int) -> None:
        self.build: Final = build
        self.size: Final = size

    def apply(self, op: Op, inputs: Sequence[T], attrs: Attrs) -> tuple[T, ...]:
        """The outputs of an operator, its attributes given by name."""
        return tuple(self.build.apply(op, inputs, tuple([attrs[a.name] for a in op.attributes])))

    def __call__(self, name: str, *inputs: T, **attrs: AttrValue) -> T:
        """The one output of the primitive of this name."""
        return self.apply(OPSET[name], inputs, attrs)[0]

    def reshaped(self, value: T, shape: Shape) -> T:
        """The value in another shape; itself where it has that."""
        return value if self.build.spec(value).shape == shape else self("reshape", value, shape=shape)

    def transposed(self, value: T, perm: Shape) -> T:
        """The value with its dimensions in another order; itself where they are in this."""
        return value if perm == tuple(range(len(perm))) else self("transpose", value, perm=perm)

    def shaped(self, value: T, shape: Shape) -> T:
        """A batch of examples, each in this shape."""
        return self.reshaped(value, (self.size, *shape))

    def whole(self, operand: Operand[T]) -> T:
        """The operand with a batch axis: where every example has the same, it is repeated.

        Shape: (...) gives (size, ...)
        """
        if operand.batched:
            return operand.value
        return self("broadcast_to", operand.value, shape=(self.size, *operand.spec.shape))

    def aligned(self, operand: Operand[T], ndim: int) -> T:
        """The operand with a leading axis, and dimensions of length 1 behind it so that examples have `ndim`.

        Shape: (...) gives (size, 1, ..., 1, ...), where every example has the same (1, 1, ..., 1, ...)
        """
        lead = self.size if operand.batched else 1
        ones = (1,) * (ndim - operand.spec.ndim)
        return self.reshaped(operand.value, (lead, *ones, *operand.spec.shape))


#: Gives the outputs, each with a leading batch axis, for operands of which at least one has one.
Rule = Callable[[Batch[Any], Op, Sequence[Operand[Any]], Attrs], Sequence[Any]]
