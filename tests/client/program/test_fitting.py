from __future__ import annotations

import math

import pytest

import telegrad as tg
from telegrad.errors import TraceError
from telegrad.program.fitting import LENGTHS


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.mean(),
        lambda x: x.mean(0),
        lambda x: x.var(0),
        lambda x: x.std(),
        lambda x: x.sum() * (len(x) * 9 / (len(x) * 9 - 1)),
        lambda x: x.sum() * ((len(x) + 1) / len(x)),
        lambda x: x.sum() / (2 * len(x) + 1),
        lambda x: x * (1 / len(x)),
        lambda x: x * (0.25 * len(x)),
        lambda x: x.reshape(len(x), 2, 2).flatten(1),
        lambda x: tg.arange(len(x))[:, None] * x,
        lambda x: tg.cat([x, tg.ones(len(x), 1)], 1),
        lambda x: x.flip(0)[1:].sum(0),
        lambda x: x[:, None, :].expand(-1, 3, 4),
        lambda x: x.cumsum(0),
        lambda x: x.softmax(0),
        lambda x: tg.nn.functional.pad(x, (1, 1)),
        lambda x: x @ x.mT @ x,
        lambda x: tg.cdist(x, x).mean(),
        lambda x: (x @ x.mT).reshape(-1)[1:].sum() / (len(x) * (len(x) - 1)),
        lambda x: x.double().mean(),
        lambda x: x.half().mean(),
        lambda x: (x > 0).sum(),
        lambda x: x.sort(0).values,
        lambda x: x.unfold(1, 2, 1),
        tg.linalg.norm,
    ],
)
def test_one_program_serves_every_length(function: object) -> None:
    program = tg.trace(function, tg.spec((None, 4)))
    for n in (2, 3, 17):
        x = tg.randn(n, 4)
        expected = function(x)  # type: ignore[operator]
        assert tg.allclose(program(x), expected, rtol=1e-6, equal_nan=True), n


def test_lengths_tell_lines_from_curves_and_rests() -> None:
    for modulus in (2, 3, 4, 5, 7, 8):
        assert len({n % modulus for n in LENGTHS}) >= 2
    assert LENGTHS[2] - LENGTHS[1] > 5 * (LENGTHS[1] - LENGTHS[0])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[: len(x) // 2].sum(),
        lambda x: x.sum() * len(x) ** 0.5,
        lambda x: x.sum() * len(x) ** 3,
        lambda x: x.sum() * math.log(len(x)),
        lambda x: x.sum() / tg.tensor(len(x) ** 0.3),
    ],
)
def test_curves_are_refused(function: object) -> None:
    with pytest.raises(TraceError, match="in a way that a program cannot hold"):
        tg.trace(function, tg.spec((None,)))


def test_the_line_is_named() -> None:
    with pytest.raises(TraceError, match=r"slice at .*test_fitting\.py:\d+ depends on the length"):
        tg.trace(lambda x: x[: len(x) // 2].sum(), tg.spec((None,)))
