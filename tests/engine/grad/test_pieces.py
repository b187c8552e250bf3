"""Cotangents of slices, put together."""

from __future__ import annotations

from telegrad_engine.grad.pieces import put_together
from telegrad_engine.grad.reverse import gradients
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.registry import load_families
from telegrad_proto import dtypes
from telegrad_proto.ir import Node, Value, apply_op
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec

load_families()


def leaf(*shape: int) -> Value:
    value = Value(Spec(shape, dtypes.float32))
    value.tracked = True
    return value


def padded(ct: Value, low: tuple[int, ...], high: tuple[int, ...]) -> Value:
    made: Value = g.pad(ct, low=low, high=high, interior=(0,) * len(low), value=0)
    return made


def node(value: Value) -> Node:
    assert value.node is not None
    return value.node


def test_neighbours_are_put_one_behind_the_other() -> None:
    a, b, c = leaf(2, 1), leaf(2, 2), leaf(2, 1)
    (whole,) = put_together([padded(b, (0, 1), (0, 1)), padded(a, (0, 0), (0, 3)), padded(c, (0, 3), (0, 0))])
    assert node(whole).op.name == "concatenate"
    assert node(whole).inputs == (a, b, c)
    assert whole.spec is Spec((2, 4), dtypes.float32)


def test_gaps_are_zeros() -> None:
    a, b = leaf(1), leaf(1)
    (whole,) = put_together([padded(a, (1,), (4,)), padded(b, (4,), (1,))])
    parts = node(whole).inputs
    assert [part.spec.shape for part in parts] == [(1,), (1,), (2,), (1,), (1,)]
    assert [node(part).op.name for part in (parts[0], parts[2], parts[4])] == ["full"] * 3


def test_what_overlaps_stays() -> None:
    a, b, c = padded(leaf(3), (0,), (1,)), padded(leaf(3), (1,), (0,)), leaf(4)
    assert put_together([a, b, c]) == [a, b, c]


def test_axes_do_not_mix() -> None:
    rows = [padded(leaf(1, 2), (i, 0), (1 - i, 0)) for i in range(2)]
    columns = [padded(leaf(2, 1), (0, i), (0, 1 - i)) for i in range(2)]
    corner = padded(leaf(1, 1), (0, 0), (1, 1))
    found = put_together([*rows, corner, *columns])
    assert sorted(node(ct).op.name for ct in found) == ["concatenate", "concatenate", "pad"]
    assert corner in found


def test_other_padding_is_no_piece() -> None:
    ones = g.pad(leaf(1), low=(0,), high=(1,), interior=(0,), value=1)
    spread = g.pad(leaf(1), low=(0,), high=(1,), interior=(2,), value=0)
    cut = g.pad(leaf(3), low=(-1,), high=(0,), interior=(0,), value=0)
    right = padded(leaf(1), (1,), (0,))
    assert put_together([ones, spread, cut, right]) == [ones, spread, cut, right]


def test_a_batch_of_cotangents_is_put_together_too() -> None:
    a, b = g.Batched(leaf(5, 1)), g.Batched(leaf(5, 2))
    (whole,) = put_together([padded(a, (0,), (2,)), padded(b, (1,), (0,))])
    assert isinstance(whole, g.Batched)
    assert whole.whole.spec.shape == (5, 3)
    assert node(whole.whole).op.name == "concatenate"


def test_the_gradient_of_all_steps_is_one_node() -> None:
    x = leaf(3, 2)

    def step(i: int) -> Value:
        row = apply_op(OPSET["slice"], (x,), ((i, 0), (i + 1, 2), (1, 1)), track=True).output()
        return apply_op(OPSET["sin"], (row,), (), track=True).output()

    total = step(0)
    for i in (1, 2):
        total = apply_op(OPSET["add"], (total, step(i)), (), track=True).output()
    (found,) = gradients([total], [None], [x])
    assert node(found).op.name == "concatenate"
    assert len(node(found).inputs) == 3
