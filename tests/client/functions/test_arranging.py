from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike


def test_elements_turn_round() -> None:
    x = tg.tensor(X)
    close(tg.flip(x, (0, 1)), X[::-1, ::-1])
    close(x.flip(1), X[:, ::-1])
    close(tg.fliplr(x), np.fliplr(X))
    close(tg.flipud(x), np.flipud(X))
    for k in range(-1, 5):
        close(tg.rot90(x, k), np.rot90(X, k))


@pytest.mark.parametrize(("shifts", "dims"), [(1, None), (-2, 1), ((1, -1), (0, 1)), (7, 1)])
def test_rolling_is_numpys(shifts: int | tuple[int, ...], dims: int | tuple[int, ...] | None) -> None:
    close(tg.roll(tg.tensor(X), shifts, dims), np.roll(X, shifts, dims))


def test_repetition() -> None:
    x = tg.tensor(X)
    close(x.repeat(2, 1, 2), np.tile(X, (2, 1, 2)))
    close(tg.tile(x, (2,)), np.tile(X, (2,)))
    close(tg.repeat_interleave(x, 2, 1), np.repeat(X, 2, 1))
    close(tg.repeat_interleave(x, tg.tensor([0, 3]), dim=0), np.repeat(X, [0, 3], 0))
    close(tg.repeat_interleave(tg.tensor([1, 0, 2])), [0, 2, 2])


@pytest.mark.parametrize("diagonal", [-2, -1, 0, 1, 3])
def test_triangles_are_numpys(diagonal: int) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    close(tg.tril(tg.tensor(x), diagonal), np.tril(x, diagonal))
    close(tg.triu(tg.tensor(x), diagonal), np.triu(x, diagonal))


@pytest.mark.parametrize("offset", [-2, 0, 1])
def test_diagonals_are_built_and_read(offset: int) -> None:
    v = np.arange(1.0, 4.0)
    close(tg.diag(tg.tensor(v), offset), np.diag(v, offset))
    close(tg.diagflat(tg.tensor(X), offset), np.diagflat(X, offset))
    close(tg.diag(tg.tensor(np.diag(v, offset)), offset), v)
    embedded = tg.diag_embed(tg.tensor(X), offset, 0, 2)
    assert embedded.shape[1] == 2
    close(embedded.diagonal(offset, 0, 2), X)


def test_a_nan_outside_the_triangle_is_gone() -> None:
    x = tg.tensor([[1.0, float("nan")], [3.0, 4.0]], requires_grad=True)
    low = tg.tril(x)
    close(low, [[1.0, 0.0], [3.0, 4.0]])
    low.sum().backward()
    close(x.grad, [[1.0, 0.0], [1.0, 1.0]])


TORCH: dict[str, Case] = {
    "flip": lambda m, x, i: x.flip(0),
    "rot90": lambda m, x, i: m.rot90(x),
    "roll": lambda m, x, i: m.roll(x, 1, 1),
    "repeat": lambda m, x, i: x.repeat(2, 2),
    "tile": lambda m, x, i: m.tile(x, (1, 2)),
    "tril": lambda m, x, i: x.tril(),
    "diag": lambda m, x, i: m.diag(x[0]),
    "diag_embed": lambda m, x, i: m.diag_embed(x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: x.repeat(2),
        lambda m, x, i: m.fliplr(i),
        lambda m, x, i: m.tril(i),
        lambda m, x, i: m.diag(x[None]),
        lambda m, x, i: m.rot90(x, 1, (0, 0)),
        lambda m, x, i: m.roll(x, (1, 2), 1),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)
