"""How derivative rules write graph."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from telegrad_engine.ops import emit as g
from telegrad_engine.ops.registry import load_families
from telegrad_proto import dtypes
from telegrad_proto.errors import DTypeError
from telegrad_proto.ir import Node, Value
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec

load_families()


def leaf(shape: tuple[int, ...] = (2, 3), dtype: dtypes.DType = dtypes.float32) -> Value:
    value = Value(Spec(shape, dtype))
    value.tracked = dtype.is_differentiable
    return value


def node_of(value: Value) -> Node:
    assert value.node is not None
    return value.node


def test_every_operator_is_a_function() -> None:
    for name in OPSET.ops:
        assert callable(getattr(g, name))
    with pytest.raises(AttributeError, match="no operator 'nonsense' in the catalogue"):
        g.nonsense
    assert g.sinh is g.sinh


def test_values_first_then_attributes_by_name() -> None:
    x = leaf()
    total = g.sum(x, keepdims=False, axes=(0,))
    assert node_of(total).attrs == ((0,), False)
    assert total.spec is Spec((3,), dtypes.float32)
    both: Any = g.sort(x, axis=0, descending=False, stable=True)
    values, order = both
    assert node_of(values) is node_of(order)
    with pytest.raises(DTypeError):
        g.sin(leaf(dtype=dtypes.int64))


def test_numbers_become_constants_of_the_others_type() -> None:
    for x in (leaf(), leaf(dtype=dtypes.complex128), leaf(dtype=dtypes.int8)):
        for value in (g.mul(2, x), g.mul(x, 2)):
            assert value.spec is x.spec
            (constant,) = [v for v in node_of(value).inputs if v is not x]
            assert node_of(constant).attrs == ((), 2, x.spec.dtype)


def test_a_condition_does_not_say_the_type_of_a_number() -> None:
    condition, x = leaf(dtype=dtypes.bool_), leaf()
    assert g.where(condition, x, 0.0).spec is x.spec
    assert g.where(condition, 0.0, x).spec is x.spec


def test_what_changes_nothing_is_the_value_itself() -> None:
    x = leaf()
    assert g.conj(x) is x
    assert g.real(x) is x
    assert g.cast(x, dtypes.float32) is x
    assert g.reshape(x, (2, 3)) is x
    assert g.broadcast_to(x, (2, 3)) is x
    assert g.sum_to(x, (2, 3)) is x
    z = leaf(dtype=dtypes.complex64)
    assert g.conj(z) is not z
    assert g.real(z).spec.dtype is dtypes.float32


@pytest.mark.parametrize(
    ("big", "small"),
    [
        ((2, 3), (3,)),
        ((2, 3), ()),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 1)),
        ((4, 2, 3), (1, 1)),
        ((2, 0), (2, 1)),
        ((0, 3), (3,)),
    ],
)
def test_sum_to_undoes_broadcasting(big: tuple[int, ...], small: tuple[int, ...]) -> None:
    assert g.sum_to(leaf(big), small).spec.shape == small


def test_constants() -> None:
    x = leaf((2,), dtypes.complex64)
    assert node_of(g.zeros_like(x)).attrs == ((2,), 0, dtypes.complex64)
    assert node_of(g.ones_like(x)).attrs == ((2,), 1, dtypes.complex64)
    assert g.constant(3, x).spec is Spec((), dtypes.complex64)


def test_gradients_flow_through_what_is_emitted_only_inside_tracking() -> None:
    x = leaf()
    assert node_of(g.neg(x)).needs == ()
    with g.tracking():
        assert node_of(g.neg(x)).needs == (0,)
        with g.tracking(False):
            assert node_of(g.neg(x)).needs == ()
        assert node_of(g.neg(x)).needs == (0,)
    assert node_of(g.neg(x)).needs == ()


def test_an_error_ends_tracking_and_the_place_too() -> None:
    x = leaf()

    def broken() -> None:
        with g.tracking():
            g.at(42)
            g.sin(leaf(dtype=dtypes.int64))

    with pytest.raises(DTypeError):
        broken()
    assert node_of(g.neg(x)).needs == ()
    assert node_of(g.neg(x)).origin == 0


def test_each_thread_has_a_mode_of_its_own() -> None:
    found: list[Node] = []

    def work() -> None:
        found.append(node_of(g.neg(leaf())))

    with g.tracking():
        g.at(42)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found[0].needs == ()
    assert found[0].origin == 0


def test_what_is_emitted_for_a_batch_goes_through_the_batching_rules() -> None:
    whole = Value(Spec((5, 2, 3), dtypes.float32))
    x = g.Batched(whole)
    assert x.spec is Spec((2, 3), dtypes.float32)
    total = g.sum_to(g.mul(x, 2.0), (3,))
    assert isinstance(total, g.Batched)
    assert total.spec.shape == (3,)
    assert total.whole.spec.shape == (5, 3)
    values: g.Batched
    order: g.Batched
    values, order = g.sort(x, axis=1, descending=False, stable=True)  # type: ignore[misc]  # it has two
    assert values.whole.node is order.whole.node
    assert node_of(values.whole).op.name == "sort"
    assert node_of(values.whole).inputs == (whole,)
