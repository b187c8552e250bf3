from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, X, agree, close, fail_alike

CUBE = np.arange(24.0).reshape(2, 3, 4)


def test_elements_keep_their_order() -> None:
    x = tg.tensor(CUBE)
    close(tg.reshape(x, (6, -1)), CUBE.reshape(6, 4))
    close(x.view(4, 6), CUBE.reshape(4, 6))
    close(x.flatten(1), CUBE.reshape(2, 12))
    close(x.unflatten(2, (2, 2)), CUBE.reshape(2, 3, 2, 2))
    close(tg.ravel(x), CUBE.ravel())
    close(x.unsqueeze(1).squeeze(1), CUBE)
    close(tg.ones(1, 2, 1).squeeze(), np.ones(2))


def test_dimensions_change_places() -> None:
    x = tg.tensor(CUBE)
    close(x.permute(2, 0, 1), CUBE.transpose(2, 0, 1))
    close(x.transpose(0, -1), CUBE.swapaxes(0, -1))
    close(tg.movedim(x, 0, 2), np.moveaxis(CUBE, 0, 2))
    close(tg.movedim(x, (0, 1), (1, 2)), np.moveaxis(CUBE, (0, 1), (1, 2)))
    close(tg.t(tg.tensor(X)), X.T)
    close(x.swapaxes(0, 1), CUBE.swapaxes(0, 1))


def test_dimensions_of_one_stretch() -> None:
    x = tg.tensor([[1.0], [2.0]])
    close(x.expand(-1, 3), np.broadcast_to([[1.0], [2.0]], (2, 3)))
    close(tg.broadcast_to(x, (2, 2)), [[1.0, 1.0], [2.0, 2.0]])
    a, b = tg.broadcast_tensors(x, tg.ones(3))
    assert tuple(a.shape) == tuple(b.shape) == (2, 3)
    assert tg.broadcast_shapes((2, 1), (3,)) == (2, 3)


def test_a_view_shares_its_elements() -> None:
    x = tg.zeros(2, 2)
    x.view(4)[1] = 5.0
    x.t()[0, 1] = 7.0
    close(x, [[0.0, 5.0], [7.0, 0.0]])


def test_gradients_go_back_to_where_the_elements_came_from() -> None:
    x = tg.tensor(X, requires_grad=True)
    weights = np.arange(6.0, dtype=np.float32).reshape(3, 2)
    (x.t() * tg.tensor(weights)).sum().backward()
    close(x.grad, weights.T)


TORCH: dict[str, Case] = {
    "view": lambda m, x, i: x.view(3, 2),
    "reshape": lambda m, x, i: x.reshape(-1),
    "flatten": lambda m, x, i: m.flatten(x),
    "squeeze": lambda m, x, i: x[None].squeeze(0),
    "unsqueeze": lambda m, x, i: x.unsqueeze(-1),
    "permute": lambda m, x, i: x.permute(1, 0),
    "t": lambda m, x, i: x.t(),
    "transpose": lambda m, x, i: x.transpose(0, 1),
    "expand": lambda m, x, i: x[:, :1].expand(2, 4),
    "movedim": lambda m, x, i: m.movedim(x, 0, 1),
    "atleast_3d": lambda m, x, i: m.atleast_3d(i),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


@pytest.mark.torch
@pytest.mark.parametrize(
    "case",
    [
        lambda m, x, i: x.view(4),
        lambda m, x, i: x.reshape(-1, 4),
        lambda m, x, i: x.reshape(-1, -1),
        lambda m, x, i: x.t().view(6),
        lambda m, x, i: x.expand(3, 3),
        lambda m, x, i: x.unsqueeze(4),
        lambda m, x, i: x.transpose(0, 2),
        lambda m, x, i: x.permute(0),
        lambda m, x, i: x.permute(0, 0),
        lambda m, x, i: m.ones(1, 1, 1).t(),
        lambda m, x, i: x.unflatten(1, (2, 2)),
        lambda m, x, i: m.movedim(x, (0, 1), (0,)),
    ],
)
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)
