"""Terms: made once, and not made where algebra makes them needless; bit for bit the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telegrad_engine.plan.term import Ref, Terms, fill_of, narrowed, spec_of
from telegrad_proto import dtypes
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec
from tests.engine.drafts import Draft, c128, f32

F32 = Spec((2, 3), dtypes.float32)
C64 = Spec((2, 3), dtypes.complex64)
BOOL = Spec((2, 3), dtypes.bool_)


@pytest.fixture
def terms() -> Terms:
    return Terms()


def apply(terms: Terms, name: str, *inputs: Ref, attrs: tuple[Any, ...] = ()) -> Ref:
    op = OPSET[name]
    return terms.apply(op, inputs, attrs, op.infer(tuple(map(spec_of, inputs)), attrs), -1)[0]


def full(terms: Terms, value: Any, spec: Spec = F32) -> Ref:
    return apply(terms, "full", attrs=(spec.shape, value, spec.dtype))


def test_given_arrays_are_made_once(terms: Terms) -> None:
    assert terms.given(3, F32) is not None
    assert terms.given(3, F32)[0] is terms.given(3, F32)[0]
    assert terms.given(4, F32)[0] is not terms.given(3, F32)[0]
    assert terms.given(4, F32)[0].number == 4


def test_common_subexpressions_are_one(terms: Terms) -> None:
    x, y = terms.given(0, F32), terms.given(1, F32)
    assert apply(terms, "mul", x, y) == apply(terms, "mul", x, y)
    assert apply(terms, "mul", x, y) != apply(terms, "mul", y, x)
    assert apply(terms, "sum", x, attrs=((0,), False)) != apply(terms, "sum", x, attrs=((0,), True))


def test_constants_that_are_equal_but_not_the_same_stay_apart(terms: Terms) -> None:
    fills: list[Any] = [0.0, -0.0, 0, False]
    assert len({full(terms, v) for v in fills}) == 4
    nan = float("nan")
    assert full(terms, nan) == full(terms, float("nan"))


def test_what_random_numbers_are_made_of_is_the_key_alone(terms: Terms) -> None:
    key = terms.given(0, Spec((2,), dtypes.uint64))
    one = apply(terms, "random_uniform", key, attrs=((3,), dtypes.float32))
    assert apply(terms, "random_uniform", key, attrs=((3,), dtypes.float32)) == one


@pytest.mark.parametrize("name", ["neg", "conj", "flip"])
def test_twice_is_not_at_all(terms: Terms, name: str) -> None:
    x = terms.given(0, C64)
    attrs: tuple[Any, ...] = ((0, 1),) if name == "flip" else ()
    once = apply(terms, name, x, attrs=attrs)
    assert once != x
    assert apply(terms, name, once, attrs=attrs) == x


def test_flips_of_other_axes_are_flips(terms: Terms) -> None:
    x = terms.given(0, F32)
    assert apply(terms, "flip", apply(terms, "flip", x, attrs=((0,),)), attrs=((1,),)) != x


def test_what_changes_nothing_is_not_done(terms: Terms) -> None:
    x = terms.given(0, F32)
    assert apply(terms, "identity", x) == x
    assert apply(terms, "cast", x, attrs=(dtypes.float32,)) == x
    assert apply(terms, "reshape", x, attrs=((2, 3),)) == x
    assert apply(terms, "broadcast_to", x, attrs=((2, 3),)) == x
    assert apply(terms, "transpose", x, attrs=((0, 1),)) == x
    assert apply(terms, "transpose", x, attrs=((1, 0),)) != x


def test_chains_of_views_are_one(terms: Terms) -> None:
    x = terms.given(0, F32)
    back = apply(terms, "reshape", apply(terms, "reshape", x, attrs=((6,),)), attrs=((2, 3),))
    assert back == x
    y = terms.given(1, Spec((3,), dtypes.float32))
    wide = apply(terms, "broadcast_to", apply(terms, "broadcast_to", y, attrs=((2, 3),)), attrs=((4, 2, 3),))
    assert wide[0].inputs == (y,)
    z = terms.given(2, Spec((2, 3, 4), dtypes.float32))
    moved = apply(terms, "transpose", apply(terms, "transpose", z, attrs=((1, 2, 0),)), attrs=((1, 2, 0),))
    assert moved == apply(terms, "transpose", z, attrs=((2, 0, 1),))
    assert apply(terms, "transpose", moved, attrs=((1, 2, 0),)) == z


def test_views_of_constants_are_constants(terms: Terms) -> None:
    one = full(terms, 1.5, Spec((1, 3), dtypes.float32))
    for ref in (
        apply(terms, "broadcast_to", one, attrs=((2, 3),)),
        apply(terms, "reshape", one, attrs=((3,),)),
        apply(terms, "transpose", one, attrs=((1, 0),)),
    ):
        assert fill_of(ref) == 1.5
    assert fill_of(terms.given(0, F32)) is None


def test_products_and_quotients_by_one(terms: Terms) -> None:
    x, one = terms.given(0, F32), full(terms, 1)
    assert apply(terms, "mul", x, one) == x
    assert apply(terms, "mul", one, x) == x
    assert apply(terms, "div", x, one) == x
    assert apply(terms, "div", one, x) != x
    assert apply(terms, "mul", x, full(terms, 1, Spec((), dtypes.float32))) == x
    narrow = terms.given(1, Spec((3,), dtypes.float32))
    widened = apply(terms, "mul", narrow, one)
    assert spec_of(widened) is F32
    assert widened[0].op is OPSET["broadcast_to"]


def test_an_operator_that_stretches_needs_no_stretched_input(terms: Terms) -> None:
    x = terms.given(0, F32)
    number = terms.given(1, Spec((), dtypes.float32))
    stretched = apply(terms, "broadcast_to", number, attrs=(F32.shape,))
    product = apply(terms, "mul", x, stretched)
    assert product[0].inputs[1] == number
    assert spec_of(product) is F32
    both = apply(terms, "mul", stretched, apply(terms, "broadcast_to", number, attrs=(F32.shape,)))
    assert spec_of(both) is F32  # one of the two has to stay wide


def test_complex_and_bool_products_stay(terms: Terms) -> None:
    z = terms.given(0, C64)
    assert apply(terms, "mul", z, full(terms, 1, C64)) != z
    assert apply(terms, "div", z, full(terms, 1, C64)) != z
    b = terms.given(1, BOOL)
    assert apply(terms, "mul", b, full(terms, True, BOOL))[0].op is OPSET["mul"]


def test_nothing_is_taken_for_nothing(terms: Terms) -> None:
    x = terms.given(0, F32)
    zero = full(terms, 0.0)
    assert apply(terms, "add", x, zero) != x  # -0.0 + 0.0 is 0.0
    assert apply(terms, "mul", x, zero) != zero  # NaN


@pytest.mark.parametrize(
    ("name", "array", "number"),
    [
        ("mul", f32([np.nan, np.inf, -0.0, 1e-45]), 1.0),
        ("div", f32([np.nan, np.inf, -0.0, 1e-45]), 1.0),
        ("mul", c128([complex(np.inf, 0), complex(-0.0, np.nan)]), 1 + 0j),
        ("div", c128([complex(np.inf, 0), complex(-0.0, np.nan)]), 1 + 0j),
    ],
)
def test_the_result_is_numpys_to_the_bit(name: str, array: Any, number: complex) -> None:
    draft = Draft()
    x = draft.leaf(array)
    dtype = dtypes.by_typestr[array.dtype.str]
    one = draft.node("full", attrs=(array.shape, number, dtype))
    with np.errstate(all="ignore"):
        want = getattr(np, "multiply" if name == "mul" else "divide")(
            array, np.full(array.shape, number, array.dtype)
        )
    assert draft.fetch(draft.node(name, x, one))[0].tobytes() == want.tobytes()


def test_leading_dimensions_of_one_are_not_made_beforehand(terms: Terms) -> None:
    scalar, vector = terms.given(0, Spec((), dtypes.float32)), terms.given(1, Spec((3,), dtypes.float32))
    lifted = apply(terms, "reshape", scalar, attrs=((1,),))
    stretched = apply(terms, "broadcast_to", lifted, attrs=((3,),))
    assert narrowed([stretched, vector], (3,)) == [scalar, vector]
    assert narrowed([lifted, scalar], (1,)) == [lifted, scalar]  # the only one of this rank
    column, matrix = (
        apply(terms, "reshape", vector, attrs=((3, 1),)),
        terms.given(2, Spec((3, 3), dtypes.float32)),
    )
    assert narrowed([column, matrix], (3, 3)) == [column, matrix]
