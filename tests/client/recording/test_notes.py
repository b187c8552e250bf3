"""What a client notes of its named tensors, read by another."""

from __future__ import annotations

from typing import cast

import pytest

import telegrad as tg
from telegrad.autograd.graph import Accumulate, Node
from telegrad.recording.notes import read_notes, write_notes
from telegrad.recording.recorder import Recorder, current
from telegrad.recording.session import Session
from telegrad.tensor import Tensor
from telegrad_proto.errors import LimitError, PayloadError


def there_and_back(**tensors: Tensor) -> tuple[dict[str, Tensor], set[int]]:
    recorder = Recorder(cast(Session, None))  # it sends nothing
    return read_notes(write_notes(tensors, current()), recorder)


def test_leaves_gradients_and_graphs() -> None:
    w = tg.ones(3, requires_grad=True)
    (w * 2).sum().backward()
    y = (w.exp() * w).sum()
    found, ids = there_and_back(w=w, y=y)
    assert found["w"].is_leaf
    assert found["w"].requires_grad
    assert found["w"]._value.id == w._value.id
    assert found["w"].grad is not None
    assert found["w"].grad._value.id == w.grad._value.id
    assert ids == {w._value.id, w.grad._value.id, y._value.id}
    assert found["y"].grad_fn.name() == y.grad_fn.name()
    assert [n and n.name() for n, _ in found["y"].grad_fn.next_functions] == [
        n and n.name() for n, _ in y.grad_fn.next_functions
    ]
    ends = set()
    stack: list[object] = [found["y"].grad_fn]
    while stack:
        node = stack.pop()
        if isinstance(node, Accumulate):
            ends.add(id(node.variable))
        elif isinstance(node, Node):
            stack += [following for following, _ in node.next_functions]
    assert ends == {id(found["w"])}, "the graph ends at the tensor of that name"


def test_what_was_freed_and_what_was_written_to_stays_so() -> None:
    w = tg.ones(3, requires_grad=True)
    spent = (w * w).sum()
    spent.backward()
    y = tg.ones(3, requires_grad=True) * 1
    z = y.exp().sum() + (y * y).sum()
    y += 1
    found, _ = there_and_back(spent=spent, z=z, y=y)
    with pytest.raises(RuntimeError, match="second time"):
        found["spent"].backward()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        found["z"].backward()


def test_one_tensor_may_have_two_names() -> None:
    x = tg.ones(2)
    found, ids = there_and_back(a=x, b=x)
    assert found["a"]._value.id == found["b"]._value.id
    assert len(ids) == 1


def test_a_leaf_that_was_written_to_keeps_its_value_in_the_graph() -> None:
    w = tg.ones(3, requires_grad=True)
    y = (w * 2).sum()
    before = w._value.id
    with tg.no_grad():
        w -= 1
    _, ids = there_and_back(y=y, w=w)
    assert {before, w._value.id} <= ids


def test_what_is_too_large_and_what_is_no_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telegrad.recording.notes.MAX_NOTES_BYTES", 10)
    with pytest.raises(LimitError, match="detach"):
        there_and_back(x=tg.ones(2))
    for raw in (b"\xff\xff", b"\x12\x06\x0a\x04nope"):
        with pytest.raises((PayloadError, LookupError)):
            read_notes(raw, Recorder(cast(Session, None)))


def test_a_leaf_that_was_written_to_still_gets_the_gradients_of_its_graphs() -> None:
    w = tg.ones(3, requires_grad=True)
    early = (w * 2).sum()
    also_early = (w * 5).sum()
    with tg.no_grad():
        w += 1
    late = (w * 3).sum()
    found, ids = there_and_back(w=w, early=early, also_early=also_early, late=late)
    ends = [found[name].grad_fn.next_functions[0][0] for name in ("early", "also_early", "late")]
    leaves = [end.next_functions[0][0] for end in ends]
    assert all(leaf.variable is found["w"] for leaf in leaves)
    assert leaves[0] is leaves[1]
    assert leaves[2].value is found["w"]._value
    assert leaves[0].value is not found["w"]._value
    assert leaves[0].value.id in ids


def test_a_parameter_stays_one() -> None:
    found, _ = there_and_back(w=tg.nn.Parameter(tg.ones(3)), x=tg.ones(3))
    assert isinstance(found["w"], tg.nn.Parameter)
    assert found["w"].requires_grad
    assert type(found["x"]) is Tensor
