"""A builder that writes down what batching rules apply, and computes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto import dtypes
from telegrad_proto.batching import apply_batched
from telegrad_proto.dtypes import DType
from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.spec import Spec


class Written:
    """Values are specs; every application is checked by its inference rule, and its name is kept."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def spec(self, value: Spec, /) -> Spec:
        return value

    def apply(self, op: Op, inputs: Sequence[Spec], attrs: tuple[AttrValue, ...], /) -> tuple[Spec, ...]:
        self.names.append(op.name)
        return op.infer(tuple(inputs), attrs)


def array(*shape: int, dtype: DType = dtypes.float64) -> Spec:
    return Spec(shape, dtype)


def positions(*shape: int) -> Spec:
    return Spec(shape, dtypes.int64)


def written(
    name: str, *inputs: Spec, carries: Sequence[bool], size: int = 3, **attrs: AttrValue
) -> tuple[list[str], list[tuple[int, ...]]]:
    """The primitives that a batch of an operator becomes, and the shapes of the outputs."""
    builder, op = Written(), OPSET[name]
    given = tuple([attrs[a.name] for a in op.attributes])
    outputs = apply_batched(builder, op, inputs, carries, given, size=size)
    alone = [Spec(s.shape[1:], s.dtype) if c else s for s, c in zip(inputs, carries, strict=True)]
    wanted = [Spec((size, *s.shape), s.dtype) for s in op.infer(tuple(alone), given)]
    assert list(outputs) == wanted
    return builder.names, [spec.shape for spec in outputs]
