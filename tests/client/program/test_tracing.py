from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest

import telegrad as tg
from telegrad.errors import ShapeError, TraceError
from telegrad.program.tracing import ArraySpec, spec
from telegrad_proto.program import Blueprint


class Pair(NamedTuple):
    a: Any
    b: Any


def test_specs_say_what_an_argument_is_like() -> None:
    assert spec((None, 3), "float64") == ArraySpec((None, 3), tg.float64)
    assert spec((2,)).dtype is tg.float32
    assert spec([], np.int16).dtype is tg.int16
    assert spec((2,), np.dtype("<c8")).dtype is tg.complex64
    assert spec((2,), tg.bool).dtype is tg.bool
    for shape in ((3, None), (1.5,), (True,)):
        with pytest.raises(ShapeError):
            spec(shape)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="negative"):
        spec((None, -1))


def test_examples_count_by_shape_and_type_only() -> None:
    by_tensor = tg.trace(lambda x: x * 2, tg.zeros(3))
    by_array = tg.trace(lambda x: x * 2, np.ones(3, np.float32))
    assert by_tensor.digest == by_array.digest == tg.trace(lambda x: x * 2, spec((3,))).digest


def test_nested_arguments_are_inputs_with_the_way_to_them_as_names() -> None:
    def f(params: dict[str, list[tg.Tensor]], *rest: tg.Tensor, scale: tg.Tensor) -> tuple:
        return Pair(params["w"][1] * scale, OrderedDict(b=rest[0], n=None)), 5

    x = spec((2,))
    program = tg.trace(f, {"w": [x, x]}, x, x, scale=spec(()))
    assert [i.name for i in program.inputs] == ["params.w.0", "params.w.1", "rest.0", "rest.1", "scale"]
    one, two = [1.0, 1.0], [2.0, 2.0]
    (a, b), n = program({"w": [one, two]}, one, two, scale=3.0)
    assert (a.tolist(), b["b"].tolist(), b["n"], n) == ([6.0, 6.0], one, None, 5)


def test_matrices_still_have_a_trace() -> None:
    assert tg.trace(tg.eye(3)).item() == 3
    assert tg.eye(4).trace().item() == 4
    assert tg.trace(input=tg.eye(2)).item() == 2


def test_what_the_result_does_not_need_is_not_kept_waiting_for() -> None:
    program = tg.trace(lambda x, unused: x, spec((2,)), spec((3,)))
    assert program([1, 2], [0, 0, 0]).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x.tolist(), "looks at a value"),
        (lambda x: x if x.sum() > 0 else -x, r"looks at a value.*test_tracing\.py:\d+"),
        (print, "looks at a value"),
        (lambda x: 3, "gives no tensor"),
        (lambda x: {1.5: x}, "texts or integers"),
        (lambda x: {x, x}, "got set"),
        (lambda x: x.numpy(force=True), "looks at a value"),
        (lambda x: x.reshape(-1), "is its first dimension"),
        (lambda x: x[: len(x) // 2].sum(), "cannot hold"),
        (lambda x: sum(row for row in x), "Python's loops"),
        (lambda x: x * (1.0 + len(x) % 7), "cannot hold"),
        (lambda x: x * tg.tensor([1.0] * len(x))[:, None], "the constants or the gradients"),
        (lambda x: x.sin() if len(x) % 2 else x.cos(), "loops and conditions"),
    ],
)
def test_functions_that_are_no_programs(function: object, text: str) -> None:
    with pytest.raises(TraceError, match=text):
        tg.trace(function, spec((None, 4)))


def test_arguments_that_no_program_takes() -> None:
    with pytest.raises(TraceError, match="x: a program takes and gives"):
        tg.trace(lambda x: tg.ones(1), object())
    with pytest.raises(TypeError):
        tg.trace(lambda x: x)


def test_the_bytes_are_a_checked_program() -> None:
    program = tg.trace(lambda x: x.mean(0), spec((None, 4)))
    blueprint = Blueprint.from_bytes(program.to_bytes())
    assert blueprint.name == "<lambda>"
    assert [o.batched for o in blueprint.outputs] == [False]
