"""The graph while a plan is made: terms, each made once for the same operator on the same inputs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from telegrad_proto.codec import encode_attrs
from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.shapes import broadcast
from telegrad_proto.spec import Spec


class Term:
    """One application, or (op None) an array that is given.

    Attributes:
        number: a given array's number in the selection, else -1.
        origin: number of the selected value that it belongs to, for error messages; -1 if unknown.
    """

    __slots__ = ("attrs", "inputs", "number", "op", "origin", "specs")

    def __init__(
        self, op: Op | None, inputs: tuple[Ref, ...], attrs: tuple[AttrValue, ...], specs: tuple[Spec, ...]
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.specs = specs
        self.number = -1
        self.origin = -1


#: One output of a term.
Ref = tuple[Term, int]


def spec_of(ref: Ref) -> Spec:
    return ref[0].specs[ref[1]]


class Terms:
    """Makes terms: common sub-expressions become one, and what algebra makes needless is not made at all."""

    def __init__(self) -> None:
        self._made: Final[dict[tuple[object, ...], Term]] = {}

    def given(self, number: int, spec: Spec) -> Ref:
        """The array of this number in the selection."""
        key = ("given", number)
        term = self._made.get(key)
        if term is None:
            term = self._made[key] = Term(None, (), (), (spec,))
            term.number = number
        return term, 0

    def apply(
        self,
        op: Op,
        inputs: Sequence[Ref],
        attrs: tuple[AttrValue, ...],
        specs: tuple[Spec, ...],
        origin: int,
    ) -> tuple[Ref, ...]:
        """The outputs of the operator on these inputs."""
        short = simplified(self, op, tuple(inputs), attrs, specs, origin)
        if short is not None:
            return (short,)
        if op.rule in _STRETCHING:
            inputs = narrowed(inputs, specs[0].shape)
        key = (op, tuple([(id(t), i) for t, i in inputs]), encode_attrs(attrs))
        term = self._made.get(key)
        if term is None:
            term = self._made[key] = Term(op, tuple(inputs), attrs, specs)
            term.origin = origin
        return tuple((term, i) for i in range(len(specs)))


def simplified(
    terms: Terms,
    op: Op,
    inputs: tuple[Ref, ...],
    attrs: tuple[AttrValue, ...],
    specs: tuple[Spec, ...],
    origin: int,
) -> Ref | None:
    """The same value with less work, or None: identities that hold bit for bit, for NaN and -0.0 too."""
    name, out = op.name, specs[0] if specs else None
    if name in _UNARY_SAME and spec_of(inputs[0]) is out:
        return inputs[0]
    if name == "identity":
        return inputs[0]
    # A complex product by 1 + 0j mixes the parts: infinity times the 0 is NaN.
    if name == "mul" and out is not None and not out.dtype.is_complex:
        for one, other in (inputs, inputs[::-1]):
            if fill_of(one) == 1 and type(fill_of(one)) is not bool:
                return _widened(terms, other, out, origin)
    if name == "div" and fill_of(inputs[1]) == 1 and out is not None and not out.dtype.is_complex:
        return _widened(terms, inputs[0], out, origin)
    if name in ("neg", "conj", "flip") and inputs[0][0].op is op and inputs[0][0].attrs == attrs:
        return inputs[0][0].inputs[0]
    if name == "reshape" and inputs[0][0].op is op:
        return terms.apply(op, inputs[0][0].inputs, attrs, specs, origin)[0]
    if name == "broadcast_to" and inputs[0][0].op is op:
        return terms.apply(op, inputs[0][0].inputs, attrs, specs, origin)[0]
    if name == "transpose":
        (perm,) = attrs
        assert isinstance(perm, tuple)
        if perm == tuple(range(len(perm))):
            return inputs[0]
        inner = inputs[0][0]
        if inner.op is op:
            (first,) = inner.attrs
            assert isinstance(first, tuple)
            both = tuple(int(first[int(p)]) for p in perm)
            return terms.apply(op, inner.inputs, (both,), specs, origin)[0]
    if (
        name in ("broadcast_to", "reshape", "transpose")
        and out is not None
        and (fill := fill_of(inputs[0])) is not None
    ):
        return terms.apply(OPSET["full"], (), (out.shape, fill, out.dtype), specs, origin)[0]
    return None


def narrowed(inputs: Sequence[Ref], shape: tuple[int, ...]) -> list[Ref]:
    """The inputs of an elementwise operator without stretching beforehand what the operator stretches itself.

    Shape: inputs that broadcast to `shape` -> inputs that broadcast to `shape`
    """
    result = list(inputs)
    for position in range(len(result)):
        while (source := _unstretched(result[position])) is not None:
            others = [spec_of(ref).shape for i, ref in enumerate(result) if i != position]
            if functools.reduce(broadcast, others, spec_of(source).shape) != shape:
                break
            result[position] = source
    return result


def _unstretched(ref: Ref) -> Ref | None:
    """What was stretched to this, or only given leading dimensions of 1; None where it is neither."""
    term = ref[0]
    if term.op is None or term.op.name not in ("broadcast_to", "reshape"):
        return None
    source = term.inputs[0]
    before, after = spec_of(source).shape, term.specs[0].shape
    if term.op.name == "reshape" and after != (1,) * (len(after) - len(before)) + before:
        return None
    return source


#: Inference rules of operators that stretch their inputs to a common shape.
_STRETCHING: Final = frozenset({"binary", "where"})

#: Operators that do nothing when the result has the input's own spec.
_UNARY_SAME: Final = frozenset({"cast", "reshape", "broadcast_to"})


def fill_of(ref: Ref) -> bool | int | float | complex | None:
    """The number that a constant term is full of."""
    term = ref[0]
    if term.op is None or term.op.name != "full":
        return None
    fill = term.attrs[1]
    assert isinstance(fill, bool | int | float | complex), "full without a number"
    return fill


def _widened(terms: Terms, ref: Ref, out: Spec | None, origin: int) -> Ref | None:
    assert out is not None, "an elementwise operator has an output"
    if spec_of(ref) is out:
        return ref
    return terms.apply(OPSET["broadcast_to"], (ref,), (out.shape,), (out,), origin)[0]
