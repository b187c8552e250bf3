"""Determinants, inverses and pseudo-inverses."""

from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, Tensors, agree, fail_alike
from tests.client.functions.comparing import close

DRAW = np.random.default_rng(35)
X = DRAW.standard_normal((2, 4, 4))
LOW = DRAW.standard_normal((4, 2)) @ DRAW.standard_normal((2, 3))


def test_values_are_numpys() -> None:
    x = tg.tensor(X)
    close(tg.det(x), np.linalg.det(X))
    close(tg.linalg.inv(x), np.linalg.inv(X))
    sign, log = tg.slogdet(x)
    close(sign, np.linalg.slogdet(X)[0])
    close(log, np.linalg.slogdet(X)[1])
    positive = np.eye(3) * 2
    close(tg.logdet(tg.tensor(positive)), 3 * math.log(2))
    assert np.isnan(tg.logdet(tg.tensor(-positive)).numpy())
    close(tg.linalg.pinv(tg.tensor(LOW)), np.linalg.pinv(LOW))
    close(tg.pinverse(tg.tensor(LOW), 1e-10), np.linalg.pinv(LOW))
    close(tg.linalg.pinv(tg.tensor(LOW), atol=100.0), np.zeros((3, 4)))
    symmetric = LOW @ LOW.T
    close(tg.linalg.pinv(tg.tensor(symmetric), hermitian=True, rtol=1e-10), np.linalg.pinv(symmetric, 1e-10))
    cube = X.reshape(4, 8)[:, :4].reshape(2, 2, 4)
    close(tg.linalg.tensorinv(tg.tensor(cube)), np.linalg.tensorinv(cube))


def test_signs_follow_the_exchanges_of_rows() -> None:
    for order in ([0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0]):
        x = np.eye(3)[order]
        close(tg.det(tg.tensor(x)), np.linalg.det(x))
        close(tg.slogdet(tg.tensor(x)).sign, np.linalg.det(x))


def test_a_singular_matrix() -> None:
    x = tg.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=tg.float64, requires_grad=True)
    tg.det(x).backward()
    close(x.grad, [[4.0, -2.0], [-2.0, 1.0]])
    with pytest.raises(RuntimeError, match="singular"):
        tg.linalg.inv(x).tolist()
    assert tg.slogdet(x.detach()).logabsdet.item() == -math.inf


def of_low_rank(t: Tensors) -> object:
    return t.m.linalg.pinv(t.leaf(4, 2) @ t.leaf(2, 3), rtol=1e-8)


TORCH: dict[str, Case] = {
    "det": lambda t: t.m.linalg.det(t.leaf(2, 3, 3)),
    "det one": lambda t: t.m.det(t.leaf(1, 1)),
    "det empty": lambda t: t.leaf(0, 0).det(),
    "slogdet": lambda t: t.m.linalg.slogdet(t.leaf(2, 3, 3)),
    "logdet": lambda t: t.m.logdet(t.leaf(3, 3).matrix_exp()),
    "inv": lambda t: t.m.linalg.inv(t.leaf(2, 3, 3)),
    "inverse": lambda t: t.leaf(3, 3).inverse(),
    "pinv": lambda t: t.m.linalg.pinv(t.leaf(4, 2)),
    "pinv wide": lambda t: t.m.linalg.pinv(t.leaf(2, 4)),
    "pinv of identity": lambda t: t.m.linalg.pinv(t.leaf(of=np.eye(3))),
    "pinv of low rank": of_low_rank,
    "pinverse": lambda t: t.leaf(2, 3).pinverse(),
    "tensorinv": lambda t: t.m.linalg.tensorinv(t.leaf(2, 2, 4)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    label = next(k for k, v in TORCH.items() if v is case)
    # Of a single number torch's second derivative is nothing, here it is zero.
    agree(
        case,
        second=label[4:] not in ("one", "empty"),
        names=not label.startswith("pinv"),
        rtol=1e-6,
        atol=1e-7,
    )


WRONG: dict[str, Case] = {
    "det": lambda t: t.m.linalg.det(t.leaf(2, 3)),
    "inv": lambda t: t.m.linalg.inv(t.leaf(3)),
    "integers": lambda t: t.m.linalg.inv(t.data([[1, 2], [3, 4]])),
    "tensorinv": lambda t: t.m.linalg.tensorinv(t.leaf(2, 3, 4)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)
