"""Which part of the graph an evaluation looks at, and when two evaluations are the same."""

from __future__ import annotations

import weakref

import pytest

from telegrad_engine.plan.gradient import gradient_node
from telegrad_engine.plan.selection import Selection, select
from telegrad_proto import dtypes
from telegrad_proto.ir import Buffer, Ledger, Node, Value, apply_op
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.spec import Spec

LEDGER = Ledger()
F32 = Spec((2,), dtypes.float32)


def leaf(spec: Spec = F32, *, tracked: bool = True) -> Value:
    value = Value(spec, leaf=Buffer(object(), spec.nbytes, LEDGER))
    value.tracked = tracked
    return value


def op(name: str, *inputs: Value, attrs: tuple[AttrValue, ...] = (), track: bool = True) -> Value:
    return apply_op(OPSET[name], inputs, attrs, track=track).output()


def computed(value: Value) -> Buffer:
    """Put an array behind a node's output; it is there as long as the result is held."""
    assert value.node is not None
    buffer = Buffer(object(), value.spec.nbytes, LEDGER)
    value.node.cells[value.index] = weakref.ref(buffer)
    return buffer


def key(*wanted: Value, through: set[int] | None = None) -> tuple[object, ...]:
    return select(wanted, through or set()).key


def names(selection: Selection) -> list[str]:
    return [node.op.name for node, _ in selection.nodes]


def test_makers_come_before_users_each_once() -> None:
    x = leaf()
    y = op("sin", x)
    z = op("mul", y, y)
    found = select([op("add", z, y), z], set())
    assert names(found) == ["sin", "mul", "add"]
    assert found.values[0] is x
    assert [found.values[first] for _, first in found.nodes] == [found.values[1], z, found.values[3]]
    assert found.wanted == (3, 2)


def test_the_walk_stops_at_arrays_in_memory() -> None:
    y = op("sin", leaf())
    z = op("cos", y)
    held = computed(y)
    assert names(select([z], set())) == ["cos"]
    del held
    assert names(select([z], set())) == ["sin", "cos"]


def test_but_goes_on_where_a_backward_pass_will() -> None:
    y = op("sin", leaf())
    z = op("cos", y)
    held = computed(y)
    assert names(select([z], {id(y.node)})) == ["sin", "cos"]
    del held


def test_a_wide_node_and_a_deep_graph_are_walked_without_recursion() -> None:
    x = leaf()
    deep = x
    for _ in range(50_000):
        deep = op("neg", deep)
    assert len(select([deep], set()).nodes) == 50_000
    wide = op("concatenate", *[op("neg", x) for _ in range(5_000)], attrs=(0,))
    assert len(select([wide], set()).nodes) == 5_001


def test_other_objects_of_the_same_structure_have_the_same_key() -> None:
    def build() -> Value:
        x, y = leaf(), leaf()
        return op("add", op("mul", x, y), op("sin", x))

    assert key(build()) == key(build())


def test_ids_do_not_matter() -> None:
    a, b = leaf(), leaf()
    a.id, b.id = 5, 700
    assert key(op("sin", a)) == key(op("sin", b))


X, Y = leaf(), leaf()
Z = op("sin", X)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (op("sin", X), op("cos", X)),
        (op("mul", X, X), op("mul", X, Y)),
        (op("sub", op("sin", X), X), op("sub", X, op("sin", X))),
        (op("sum", X, attrs=((0,), False)), op("sum", X, attrs=((0,), True))),
        (op("sin", X), op("sin", leaf(Spec((3,), dtypes.float32)))),
        (op("sin", X), op("sin", leaf(Spec((2,), dtypes.float64)))),
        (op("sin", X), op("sin", X, track=False)),
        (op("mul", X, Y), op("mul", X, leaf(tracked=False))),
        (op("full", attrs=((2,), 0.0, dtypes.float32)), op("full", attrs=((2,), -0.0, dtypes.float32))),
        (op("full", attrs=((2,), 1, dtypes.float32)), op("full", attrs=((2,), True, dtypes.float32))),
        (op("add", op("sin", X), op("sin", X)), op("add", Z, Z)),
        (op("concatenate", X, Y, attrs=(0,)), op("concatenate", X, Y, X, attrs=(0,))),
    ],
    ids=str,
)
def test_what_differs_has_another_key(one: Value, other: Value) -> None:
    assert key(one) != key(other)


def test_which_output_is_wanted_matters() -> None:
    node = apply_op(OPSET["sort"], [X], (0, False, True))
    values, order = node.outputs()
    assert len({key(values), key(order), key(values, order), key(order, values)}) == 4


def test_what_is_held_freed_or_in_memory_matters() -> None:
    y = op("sin", leaf())
    keys = {key(y)}
    y.held = True
    keys.add(key(y))
    assert y.node is not None
    y.node.freed = True
    keys.add(key(y))
    buffer = computed(y)
    keys.add(key(y))
    keys.add(key(y, through={id(y.node)}))
    del buffer
    assert len(keys) == 5


def test_what_a_backward_pass_is_of_matters() -> None:
    x, w = leaf(), leaf()
    y = op("mul", op("sin", x), w)
    ct = leaf()

    def gradient(roots: list[Value], cts: list[Value | None], wrt: list[Value]) -> Node:
        return gradient_node(tuple(roots), tuple(cts), tuple(wrt))

    nodes = [
        gradient([y], [None], [x]),
        gradient([y], [None], [w]),
        gradient([y], [None], [x, w]),
        gradient([y], [None], [w, x]),
        gradient([y], [ct], [x]),
        gradient([y, y], [None, ct], [x]),
        gradient([y, y], [ct, None], [x]),
    ]
    assert len({key(n.output()) for n in nodes}) == len(nodes)
    assert key(gradient([y], [None], [x]).output()) == key(nodes[0].output())
    assert key(nodes[2].output(0)) != key(nodes[2].output(1))


def test_an_output_cut_off_does_not_pass_for_another() -> None:
    node = apply_op(OPSET["sort"], [leaf()], (0, False, True), track=True)
    values, order = node.outputs()
    buffer = computed(order)
    order.cut(buffer)
    found = select([values], set())
    first = found.nodes[0][1]
    assert found.values[first] is values
    assert found.values[first + 1].buffer is buffer
    assert found.number[id(values)] == first
