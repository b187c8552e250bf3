"""Each step of a view's recipe, there and back."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from telegrad.sharing.steps import FORWARD, UNDO, Step, joined
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError

CASES = [
    ("reshape", (3, 2), np.arange(6.0).reshape(2, 3)),
    ("transpose", (2, 0, 1), np.arange(24.0).reshape(2, 3, 4)),
    ("slice", ((0, 1), (2, 3), (1, 2)), np.arange(6.0).reshape(2, 3)),
    ("broadcast_to", (1, 2, 3), np.arange(6.0).reshape(2, 3)),
    ("real", None, np.arange(3) + 1j),
    ("imag", None, np.arange(3) + 1j),
    ("conj", None, np.arange(3) + 1j),
    ("windows", (2, 2), np.arange(10.0).reshape(2, 5)),
    ("as_real", None, np.arange(3) + 1j),
    ("as_complex", None, np.arange(6.0).reshape(3, 2)),
]


def make(array: np.ndarray) -> Tensor:
    return tg.tensor(array)


@pytest.mark.parametrize(("kind", "attrs", "array"), CASES, ids=[case[0] for case in CASES])
def test_what_is_written_is_read_again(kind: str, attrs: object, array: np.ndarray) -> None:
    x = make(array)
    part = FORWARD[kind](x, attrs)
    changed = part * 2 + 1
    whole = UNDO[kind](x, attrs, changed)
    assert whole.shape == x.shape
    assert whole.dtype is x.dtype
    np.testing.assert_array_equal(FORWARD[kind](whole, attrs).numpy(), changed.numpy())
    # What the part does not cover is as it was.
    np.testing.assert_array_equal(UNDO[kind](whole, attrs, part).numpy(), array)


def test_pick_takes_and_puts_back() -> None:
    x = make(np.arange(6.0).reshape(2, 3))
    attrs = (tg.tensor([0, 4]), (2,))
    assert FORWARD["pick"](x, attrs).tolist() == [0.0, 4.0]
    assert UNDO["pick"](x, attrs, tg.tensor([9.0, 8.0], dtype=tg.float64)).tolist() == [
        [9.0, 1.0, 2.0],
        [3.0, 8.0, 5.0],
    ]


def test_repeated_elements_cannot_be_written() -> None:
    with pytest.raises(ArgumentError, match="more than one element"):
        UNDO["broadcast_to"](make(np.zeros(1)), (3,), make(np.ones(3)))


def test_every_step_has_a_way_back() -> None:
    assert FORWARD.keys() == UNDO.keys()


def slices(rng: np.random.Generator, shape: tuple[int, ...]) -> Step:
    """A step that leaves something of each dimension."""
    starts = [int(rng.integers(count)) for count in shape]
    limits = [int(rng.integers(start + 1, count + 1)) for start, count in zip(starts, shape, strict=True)]
    strides = [int(rng.integers(1, 4)) for _ in shape]
    return "slice", (tuple(starts), tuple(limits), tuple(strides))


def test_steps_of_one_kind_become_one() -> None:
    rng = np.random.default_rng(5)
    array = np.arange(360.0).reshape(12, 30)
    for _ in range(200):
        shapes = [(12, 30), (30, 12), (360,), (4, 3, 30), (2, 180)]
        first, second = (shapes[i] for i in rng.integers(len(shapes), size=2))
        cut = slices(rng, (12, 30))
        left = tuple([len(range(a, b, s)) for a, b, s in zip(*cut[1], strict=True)])
        for one, other in (
            (("reshape", first), ("reshape", second)),
            (("transpose", (1, 0)), ("transpose", (1, 0))),
            (cut, slices(rng, left)),
        ):
            both = joined((one,), other)
            assert len(both) == 1
            found, wanted = make(array), make(array)
            for kind, attrs in both:
                found = FORWARD[kind](found, attrs)
            for kind, attrs in (one, other):
                wanted = FORWARD[kind](wanted, attrs)
            np.testing.assert_array_equal(found.numpy(), wanted.numpy())


def test_steps_of_different_kinds_stay() -> None:
    steps = joined((("reshape", (2, 3)),), ("transpose", (1, 0)))
    assert joined(steps, ("reshape", (6,))) == (("reshape", (2, 3)), ("transpose", (1, 0)), ("reshape", (6,)))
    nothing = ("slice", ((2,), (2,), (1,)))
    assert joined((nothing,), nothing) == (nothing, nothing)


@pytest.mark.parametrize(
    "turn",
    [
        lambda x: x.view(x.shape[::-1]),
        lambda x: x.t(),
        lambda x: x[1:],
        lambda x: x.t().unsqueeze(0).squeeze(0),
    ],
    ids=["view", "transpose", "slice", "mixed"],
)
def test_a_long_chain_of_views_costs_no_more_a_view_than_a_short_one(
    turn: Callable[[Tensor], Tensor],
) -> None:
    """Counted, not timed: calls of Python functions."""

    def calls(x: Tensor) -> int:
        count = 0

        def seen(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(seen)
        try:
            turn(x)
        finally:
            sys.setprofile(None)
        return count

    x = tg.ones(500, 2)
    for _ in range(6):
        x = turn(x)
    few = calls(x)
    for _ in range(300):
        x = turn(x)
    assert calls(x) <= few
    x += 1  # goes back through all of it
    assert x.sum().item() == 2 * x.numel()


def test_numbers_in_tensors_select_and_put_back() -> None:
    x = make(np.arange(6.0).reshape(2, 3))
    attrs = ((tg.tensor(1), tg.tensor(-1)), (0, 1))
    assert FORWARD["at"](x, attrs).item() == 5.0
    put = UNDO["at"](x, attrs, tg.tensor(9.0, dtype=tg.float64))
    assert put.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 9.0]]


def test_a_chain_of_conjugates_stays_short() -> None:
    x = tg.tensor([[1 + 2j, 3j], [4j, 5 - 1j]])
    y = x
    for _ in range(9):
        y = y.mH
    assert y._alias is not None
    assert len(y._alias.steps) <= 4
    assert y.tolist() == x.mH.tolist()
    y[0].mul_(2)
    assert x.tolist() == [[2 + 4j, 3j], [8j, 5 - 1j]]
