"""Padding in its four modes."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("mode", "numpys"),
    [("constant", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")],
)
def test_modes_are_numpys(mode: str, numpys: str) -> None:
    made = tg.nn.functional.pad(tg.tensor(X), (2, 1), mode)
    close(made, np.pad(X, ((0, 0), (0, 0), (2, 1)), mode=numpys))  # type: ignore[call-overload]


def test_negative_numbers_take_away() -> None:
    close(tg.nn.functional.pad(tg.tensor(X), (-1, 0, 1, -2)), np.pad(X, ((0, 0), (1, 0), (0, 0)))[:, :2, 1:])
    close(tg.constant_pad_nd(tg.tensor(X), (0, 1), 7), np.pad(X, ((0, 0), (0, 0), (0, 1)), constant_values=7))


TORCH: dict[str, Case] = {
    "constant": lambda t: t.F.pad(t.leaf(2, 3), (1, 2, 0, 1), value=3.0),
    "reflect": lambda t: t.F.pad(t.leaf(2, 3, 4), (2, 1), "reflect"),
    "reflect images": lambda t: t.F.pad(t.leaf(1, 2, 3, 4), (2, 1, 0, 2), "reflect"),
    "replicate": lambda t: t.F.pad(t.leaf(2, 3, 4), (5, 1), "replicate"),
    "replicate negative": lambda t: t.F.pad(t.leaf(1, 2, 3, 4), (-2, 1, 3, -1), "replicate"),
    "replicate past the end": lambda t: t.F.pad(t.leaf(2, 3, 4), (-5, 7), "replicate"),
    "circular": lambda t: t.F.pad(t.leaf(1, 2, 3, 4), (4, 1, 0, 2), "circular"),
    "nothing": lambda t: t.F.pad(t.leaf(2, 3), (0, 0)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "odd": lambda t: t.F.pad(t.leaf(2, 3), (1,)),
    "too many": lambda t: t.F.pad(t.leaf(3), (1, 1, 1, 1)),
    "reflects too far": lambda t: t.F.pad(t.leaf(2, 3, 4), (4, 0), "reflect"),
    "wraps too far": lambda t: t.F.pad(t.leaf(2, 3, 4), (5, 0), "circular"),
    "value": lambda t: t.F.pad(t.leaf(2, 3, 4), (1, 0), "reflect", value=1.0),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_another_mode_is_not_implemented() -> None:
    with pytest.raises(NotImplementedError, match="Unrecognised padding mode zz"):
        tg.nn.functional.pad(tg.ones(2), (1, 1), "zz")
