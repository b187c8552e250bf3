"""The decorator that makes compositions torch functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import telegrad as tg
from telegrad import _primitives as p
from telegrad.making.promotion import promote_operands
from telegrad.recording.registry import FUNCTIONS, complete, function, labelled, tensors_in
from telegrad.tensor import Tensor


@pytest.fixture(autouse=True)
def unregistered() -> Iterator[None]:
    """Takes away again what a test registers."""
    complete()
    functions = {space: dict(known) for space, known in FUNCTIONS.items()}
    methods = set(vars(Tensor))
    yield
    FUNCTIONS.clear()
    FUNCTIONS.update(functions)
    for name in set(vars(Tensor)) - methods:
        delattr(Tensor, name)


def registered(**options: Any) -> Any:
    @function(name="weigh", **options)
    def weigh(input: Tensor, other: Any = 2, *, dim: int = 0, keepdim: bool = False) -> Tensor:  # noqa: A002
        """A product, summed."""
        return p.sum(p.mul(*promote_operands(input, other)), axes=(dim,), keepdims=keepdim)

    return weigh


def test_a_function_is_a_method_under_all_its_names() -> None:
    weigh = registered(aliases=("ponder",), inplace=False)
    x = tg.ones(3)
    assert weigh(x).item() == 6.0
    assert x.weigh(3).item() == 9.0
    assert x.ponder().item() == 6.0
    assert FUNCTIONS[""]["ponder"] is weigh
    assert weigh.__doc__ == "A product, summed."
    assert weigh.__name__ == "weigh"


def test_names_of_arguments() -> None:
    weigh = registered()
    x = tg.ones(2, 3)
    assert weigh(x=x, axis=1, keepdims=True).shape == (2, 1)
    assert weigh(input=x, x2=3).tolist() == [6.0, 6.0, 6.0]
    out = tg.zeros(3)
    assert weigh(x, out=out) is out
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        weigh(x, colour=1)


def test_what_is_no_tensor_is_named() -> None:
    weigh = registered()
    with pytest.raises(
        TypeError, match=r"weigh\(\): argument 'input' \(position 1\) must be Tensor, not str"
    ):
        weigh("a")
    with pytest.raises(TypeError, match=r'weigh\(\) missing 1 required positional arguments: "input"'):
        weigh()
    with pytest.raises(
        TypeError, match=r"weigh\(\): argument 'other' \(position 2\) must be Tensor, not list"
    ):
        weigh(tg.ones(1), [1])


def test_a_composition_is_one_node() -> None:
    weigh = registered()
    x, w = tg.ones(3, requires_grad=True), tg.ones(3, requires_grad=True)
    node = weigh(x, w).grad_fn
    assert node.name() == "WeighBackward0"
    assert [f.variable for f, _ in node.next_functions] == [x, w]
    assert registered(label="Other")(x).grad_fn.name() == "Other"
    assert registered(label=None)(x).grad_fn.name() == "SumBackward0"


def test_a_label_chosen_inside_stays_but_does_not_outlive_its_function() -> None:
    @function()
    def inner(input: Tensor) -> Tensor:  # noqa: A002
        return labelled(p.neg(input), "InnerBackward7")

    @function()
    def outer(input: Tensor) -> Tensor:  # noqa: A002
        return inner(input)

    @function()
    def idle(input: Tensor) -> Tensor:  # noqa: A002
        return input

    x = tg.ones(1, requires_grad=True)
    assert inner(x).grad_fn.name() == "InnerBackward7"
    assert outer(x).grad_fn.name() == "OuterBackward0"
    y = x * 2
    assert idle(y).grad_fn.name() == "MulBackward0"


def test_in_place_variants_write() -> None:
    @function(inplace=True)
    def turn(input: Tensor) -> Tensor:  # noqa: A002
        return p.neg(input)

    x = tg.ones(2)
    assert x.turn_() is x
    assert x.tolist() == [-1.0, -1.0]
    with pytest.raises(RuntimeError, match="a leaf Variable"):
        tg.ones(1, requires_grad=True).turn_()


def test_namespaces() -> None:
    @function(namespace="linalg")
    def shrink(input: Tensor) -> Tensor:  # noqa: A002
        return input

    assert FUNCTIONS["linalg"]["shrink"] is shrink
    assert not hasattr(Tensor, "shrink")
    assert not hasattr(tg, "shrink")


def test_tensors_are_found_however_deep() -> None:
    x, y = tg.ones(1), tg.ones(1)
    assert list(tensors_in([x, (1, [y, "a"])])) == [x, y]


def test_late_modules_are_imported_once() -> None:
    complete()
    assert complete() is False
    assert tg.relu(tg.tensor([-1.0, 1.0])).tolist() == [0.0, 1.0]


def test_functions_that_write_in_place_are_the_modules_too() -> None:
    x = tg.tensor([1.0, 4.0])
    assert tg.sqrt_(x) is x
    assert x.tolist() == [1.0, 2.0]
    assert tg.zero_(x).tolist() == [0.0, 0.0]
    assert not hasattr(tg, "nothing_")
