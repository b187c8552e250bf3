"""What is dear to compute again, and in which order things are kept."""

from __future__ import annotations

from telegrad_engine.plan.term import Terms
from telegrad_engine.plan.worth import by_worth, cost, term_cost
from telegrad_proto import dtypes
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec

SQUARE = Spec((300, 300), dtypes.float32)


def test_a_product_is_dearer_than_a_sum() -> None:
    product = cost(OPSET.ops["matmul"], [SQUARE, SQUARE], [SQUARE], ())
    total = cost(OPSET.ops["add"], [SQUARE, SQUARE], [SQUARE], ())
    assert product > 50 * total > 0


def test_what_is_given_costs_nothing() -> None:
    terms = Terms()
    given = terms.given(0, SQUARE)
    assert term_cost(given[0]) == 0.0
    (again,) = terms.apply(OPSET.ops["sin"], [given], (), (SQUARE,), 0)
    assert term_cost(again[0]) > SQUARE.size


def test_the_dearest_come_first_and_equals_here_and_there() -> None:
    assert by_worth([1.0, 100.0, 10.0]) == [1, 2, 0]
    assert by_worth([5.0] * 8) == [0, 4, 2, 6, 1, 5, 3, 7]
    assert by_worth([]) == []
    assert by_worth([0.0]) == [0]
