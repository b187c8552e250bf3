"""What rules are written with."""

from __future__ import annotations

import pytest

from telegrad_proto.batching import BATCHING
from telegrad_proto.batching.recipe import Batch, Operand
from telegrad_proto.errors import ShapeError
from telegrad_proto.rules import RULES
from tests.proto.batching.written import Written, array, written


def test_every_family_has_its_rule() -> None:
    assert BATCHING.keys() == RULES.keys()


def test_operands_get_the_shape_that_is_asked_for() -> None:
    builder = Written()
    batch = Batch(builder, 3)
    own, shared = Operand(array(3, 4), array(4), batched=True), Operand(array(4), array(4), batched=False)
    assert batch.whole(own) is own.value
    assert batch.whole(shared) == array(3, 4)
    assert batch.aligned(own, 3) == array(3, 1, 1, 4)
    assert batch.aligned(shared, 2) == array(1, 1, 4)
    assert batch.transposed(own.value, (1, 0)) == array(4, 3)
    assert builder.names == ["broadcast_to", "reshape", "reshape", "transpose"]


def test_what_is_so_already_costs_nothing() -> None:
    builder = Written()
    batch = Batch(builder, 3)
    own = Operand(array(3, 4), array(4), batched=True)
    assert batch.aligned(own, 1) is batch.shaped(own.value, (4,)) is batch.transposed(own.value, (0, 1))
    assert builder.names == []


def test_errors_are_those_of_one_example() -> None:
    with pytest.raises(ShapeError, match=r"tensor a \(4\) must match the size of tensor b \(5\)"):
        written("add", array(3, 4), array(3, 5), carries=(True, True))
