"""Programs written by hand, for tests of those that read and call them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telegrad_proto.codec import encode_attrs
from telegrad_proto.dtypes import by_typestr
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.program import meaning_of, seal
from telegrad_proto.v1 import program_pb2, tensor_pb2

Tree = program_pb2.Tree


class Draft:
    """A program that takes and gives flat tuples; float64 unless told otherwise.

    Attributes:
        message: what it is so far; tests may spoil it.
    """

    def __init__(self, *, length: int = 0, name: str = "draft") -> None:
        self.message = program_pb2.Program(format=1, made_by="0.1.0", name=name, length=length)
        top = self.message.arguments
        top.kind = Tree.TUPLE
        top.children.add(kind=Tree.TUPLE)
        top.children.add(kind=Tree.DICT)
        self.message.result.kind = Tree.TUPLE
        self._next = 1

    def _spec(self, shape: Sequence[int], dtype: str) -> tensor_pb2.TensorSpec:
        return tensor_pb2.TensorSpec(dtype=by_typestr[dtype].code, shape=shape)  # type: ignore[arg-type]

    def _id(self) -> int:
        self._next += 1
        return self._next - 1

    def input(self, name: str, *shape: int, batched: bool = False, dtype: str = "<f8") -> int:
        """The id of a new input."""
        id_ = self._id()
        self.message.inputs.add(id=id_, name=name, spec=self._spec(shape, dtype), batched=batched)
        self.message.arguments.children[0].children.add()
        self.message.parameters.append(name)
        return id_

    def constant(self, array: np.ndarray | np.generic, slope: float | None = None) -> int:
        """The id of a new constant; with a slope it goes with the batch's length, from 0."""
        id_ = self._id()
        self.message.leaves.add(id=id_, spec=self._spec(array.shape, array.dtype.str), data=array.tobytes())
        if slope is not None:
            self.message.varying.add(leaf=id_, slope=slope)
        return id_

    def node(
        self, op: str, *inputs: int, attrs: tuple[AttrValue, ...] = (), needs: Sequence[int] = (0,)
    ) -> int:
        """The id of a new node's output."""
        id_ = self._id()
        encoded = encode_attrs(attrs, OPSET[op])
        self.message.nodes.add(op=op, inputs=inputs, attrs=encoded, output=id_, needs=needs)
        return id_

    def output(self, id_: int, *, batched: bool = False) -> None:
        """Gives a value back."""
        self.message.outputs.add(id=id_, batched=batched)
        self.message.result.children.add()

    def raw(self) -> bytes:
        """The program's bytes."""
        del self.message.operators[:]
        for name in sorted({node.op for node in self.message.nodes} & OPSET.ops.keys()):
            self.message.operators.add(name=name, digest=meaning_of(OPSET[name]))
        return seal(self.message)


def mean_of_sines() -> Draft:
    """sum(sin(w * x)) / n, and sin(w * x) summed over columns: w of 4 numbers, x of n rows of 4.

    Made for n = 3; the mean's divisor and one shape go with n.
    """
    draft = Draft(length=3, name="mean_of_sines")
    w = draft.input("w", 4)
    x = draft.input("x", 3, 4, batched=True)
    count = draft.constant(np.float64(3), slope=1.0)
    waves = draft.node("sin", draft.node("mul", w, x, needs=(0, 1)))
    mean = draft.node("div", draft.node("sum", waves, attrs=((0, 1), False)), count)
    rows = draft.node("sum", waves, attrs=((1,), False))
    draft.output(mean)
    draft.output(draft.node("reshape", rows, attrs=((3, 1),)), batched=True)
    draft.message.varying.add(node=len(draft.message.nodes) - 1, attr=0, item=0, slope=1.0)
    return draft
