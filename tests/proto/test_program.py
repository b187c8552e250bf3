"""Programs are read with every check: these are the ones that must not pass, and what is told of them."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from telegrad_proto.dtypes import float64
from telegrad_proto.errors import (
    DigestError,
    GraphError,
    LimitError,
    PayloadError,
    StructureError,
    TelegradError,
    UnknownOperatorError,
    VersionError,
)
from telegrad_proto.opset import OPSET
from telegrad_proto.payload import digest_of
from telegrad_proto.program import Blueprint, Input, Output, meaning_of, placeholders, seal
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import program_pb2
from tests.program_drafts import Draft, mean_of_sines

Tree = program_pb2.Tree


def test_what_was_written_is_read() -> None:
    raw = mean_of_sines().raw()
    blueprint = Blueprint.from_bytes(raw)
    assert blueprint.digest == digest_of(raw)
    assert blueprint.size_bytes == len(raw)
    assert blueprint.name == "mean_of_sines"
    assert blueprint.inputs == (
        Input("w", Spec((4,), float64), False),
        Input("x", Spec((3, 4), float64), True),
    )
    assert blueprint.outputs == (Output(Spec((), float64), False), Output(Spec((3, 1), float64), True))
    assert blueprint.index == {"w": 0, "x": 1}


@pytest.mark.parametrize("length", [0, 1, 3, 1000])
def test_shapes_and_constants_go_with_the_length(length: int) -> None:
    blueprint = Blueprint.from_bytes(mean_of_sines().raw())
    graph = blueprint.build(length, placeholders)
    assert graph.inputs[1].spec.shape == (length, 4)
    assert graph.outputs[1].spec.shape == (length, 1)
    assert blueprint.varying_constants(length) == {0: np.float64(length).tobytes()}
    assert blueprint.constant(0) == np.float64(3).tobytes()


def test_a_backward_request_inside_is_checked_and_named() -> None:
    draft = Draft()
    x = draft.input("x", 4)
    total = draft.node("sum", draft.node("mul", x, x, needs=(0, 1)), attrs=((0,), False))
    draft.message.backwards.add(after=2, roots=[total], cotangents=[0], wrt=[x], gradients=[draft._id()])
    gradient = draft.message.backwards[0].gradients[0]
    draft.output(draft.node("neg", gradient, needs=()))
    assert Blueprint.from_bytes(draft.raw()).outputs[0].spec is Spec((4,), float64)
    draft.message.backwards[0].after = 9
    with pytest.raises(StructureError, match="after node 9"):
        Blueprint.from_bytes(draft.raw())


def test_every_shorter_file_is_refused() -> None:
    raw = mean_of_sines().raw()
    for end in range(len(raw)):
        with pytest.raises(PayloadError):
            Blueprint.from_bytes(raw[:end])


def test_a_changed_byte_is_told() -> None:
    raw = bytearray(mean_of_sines().raw())
    raw[len(raw) // 2] ^= 1
    with pytest.raises(DigestError, match="changed"):
        Blueprint.from_bytes(bytes(raw))


def test_bytes_of_something_else_are_no_program() -> None:
    for raw in (b"", b"PK\x03\x04" + bytes(100), seal(program_pb2.Program())):
        with pytest.raises(PayloadError):
            Blueprint.from_bytes(raw)


def _newer(m: program_pb2.Program) -> None:
    m.format = 2
    m.made_by = "9.0"


def _forward(m: program_pb2.Program) -> None:
    m.nodes[0].inputs[0] = m.nodes[2].output


def _cycle(m: program_pb2.Program) -> None:
    m.nodes[0].inputs[0] = m.nodes[0].output


def _twice(m: program_pb2.Program) -> None:
    m.nodes[1].output = m.nodes[0].output


def _unknown(m: program_pb2.Program) -> None:
    m.nodes[0].op = "eval"


def _unsaid(m: program_pb2.Program) -> None:
    m.nodes.add(op="cos", inputs=[m.inputs[0].id], output=1000)


def _huge(m: program_pb2.Program) -> None:
    m.inputs[0].spec.shape[:] = [2**40, 2**40]


def _huge_attribute(m: program_pb2.Program) -> None:
    m.varying[-1].base = 2.0**62
    m.varying[-1].slope = 0


def _short_constant(m: program_pb2.Program) -> None:
    m.leaves[0].data = b"123"


def _no_output(m: program_pb2.Program) -> None:
    m.outputs[0].id = 999


def _nothing(m: program_pb2.Program) -> None:
    del m.outputs[:]
    del m.result.children[:]


def _arguments(m: program_pb2.Program) -> None:
    del m.arguments.children[0].children[0]


def _not_arguments(m: program_pb2.Program) -> None:
    m.arguments.kind = Tree.LIST


def _names(m: program_pb2.Program) -> None:
    m.inputs[1].name = m.inputs[0].name


def _batch(m: program_pb2.Program) -> None:
    m.inputs[1].spec.shape[0] = 4


def _batch_output(m: program_pb2.Program) -> None:
    m.outputs[0].batched = True


def _no_batch(m: program_pb2.Program) -> None:
    m.inputs[1].batched = False
    m.outputs[1].batched = False


def _varying_node(m: program_pb2.Program) -> None:
    m.varying[1].node = 77


def _varying_attr(m: program_pb2.Program) -> None:
    m.varying[1].attr = 5


def _varying_item(m: program_pb2.Program) -> None:
    m.varying[1].item = 5


def _varying_leaf(m: program_pb2.Program) -> None:
    m.varying[0].leaf = 1


def _parameters(m: program_pb2.Program) -> None:
    del m.parameters[:]


@pytest.mark.parametrize(
    ("spoil", "error", "text"),
    [
        (_newer, VersionError, r"made by telegrad 9\.0 in format 2.*upgrade"),
        (_forward, StructureError, "not defined before its use"),
        (_cycle, StructureError, "not defined before its use"),
        (_twice, StructureError, "used twice"),
        (_unknown, UnknownOperatorError, "'eval' is no operator"),
        (_huge, LimitError, "at most"),
        (_short_constant, PayloadError, "has 8 bytes, got 3"),
        (_no_output, StructureError, "output: value 999"),
        (_nothing, StructureError, "gives nothing"),
        (_arguments, StructureError, "arguments has 1 arrays, the list 2"),
        (_not_arguments, StructureError, "a tuple of a tuple and a dict"),
        (_names, StructureError, "two inputs have one name"),
        (_batch, StructureError, "the batch axis has length 3"),
        (_batch_output, StructureError, "one with the batch axis has 3 rows"),
        (_no_batch, StructureError, "a batch axis that no input has"),
        (_varying_node, StructureError, "no node 77"),
        (_varying_attr, StructureError, "no attribute 5"),
        (_varying_item, StructureError, "no item 5"),
        (_varying_leaf, StructureError, "no constant 1"),
        (_parameters, StructureError, "a name a positional argument"),
    ],
)
def test_a_program_that_is_wrong_is_refused(
    spoil: Callable[[program_pb2.Program], None], error: type[TelegradError], text: str
) -> None:
    draft = mean_of_sines()
    draft.raw()
    spoil(draft.message)
    with pytest.raises(error, match=text):
        Blueprint.from_bytes(draft.raw())


def test_an_operator_that_is_not_declared_is_refused() -> None:
    draft = mean_of_sines()
    draft.raw()
    _unsaid(draft.message)
    with pytest.raises(StructureError, match="what it means by cos"):
        Blueprint.from_bytes(seal(draft.message))


def test_an_operator_that_meant_something_else_is_refused() -> None:
    draft = mean_of_sines()
    draft.raw()
    draft.message.operators[0].digest = bytes(16)
    with pytest.raises(VersionError, match="div means something else than here"):
        Blueprint.from_bytes(seal(draft.message))
    draft.message.operators.add(name="gone", digest=bytes(16))
    draft.message.operators[0].digest = meaning_of(OPSET["div"])
    with pytest.raises(UnknownOperatorError, match="'gone'"):
        Blueprint.from_bytes(seal(draft.message))


def test_what_another_length_makes_impossible_is_told_when_it_comes() -> None:
    draft = mean_of_sines()
    _huge_attribute(draft.message)
    blueprint = Blueprint.from_bytes(draft.raw())
    with pytest.raises(GraphError):
        blueprint.build(4, placeholders)


def test_noise_never_gets_further_than_a_typed_error() -> None:
    """Bytes changed at random and sealed anew: read, or refused with one of our errors."""
    seed = 20261122
    print(f"seed {seed}")
    rng = random.Random(seed)
    body = mean_of_sines().raw()[:-34]
    for _ in range(2000):
        noisy = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            noisy[rng.randrange(len(noisy))] = rng.randrange(256)
        raw = bytes(noisy) + bytes([15 << 3 | 2, 32]) + digest_of(bytes(noisy))
        try:
            blueprint = Blueprint.from_bytes(raw)
            blueprint.build(7, placeholders)
        except TelegradError:
            continue


def test_meanings_tell_operators_apart() -> None:
    assert len({meaning_of(op) for op in OPSET.ops.values()}) == len(OPSET.ops)
