"""Products of matrices: powers, chains, exponentials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

import telegrad as tg
from telegrad.linalg.products import power
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

X = np.random.default_rng(33).standard_normal((3, 3))


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 5, 12])
def test_powers_are_numpys(n: int) -> None:
    close(tg.linalg.matrix_power(tg.tensor(X), n), np.linalg.matrix_power(X, n))


def test_a_power_takes_few_products() -> None:
    x = tg.tensor(X, requires_grad=True)
    seen, stack, products = set(), [power(x, 16).grad_fn], 0
    while stack:
        node = stack.pop()
        if node is None or id(node) in seen or node.name() == "AccumulateGrad":
            continue
        seen.add(id(node))
        products += node.name() == "MmBackward0"
        stack += [edge[0] for edge in node.next_functions]
    assert products == 4


def test_chains_may_begin_and_end_with_vectors() -> None:
    a, b, c = (np.random.default_rng(k).standard_normal(s) for k, s in enumerate([(10, 2), (2, 30), (30, 3)]))
    close(tg.linalg.multi_dot([tg.tensor(x) for x in (a, b, c)]), a @ b @ c)
    close(tg.linalg.multi_dot([tg.tensor(x) for x in (a[0], b, c[:, 0])]), a[0] @ b @ c[:, 0])


def test_the_others() -> None:
    close(tg.linalg.matrix_exp(tg.tensor(X)), linalg.expm(X))
    close(tg.linalg.vander(tg.tensor([1.0, 2.0, 3.0])), np.vander([1, 2, 3], increasing=True))
    close(tg.linalg.cross(tg.tensor(X), tg.tensor(X[::-1].copy())), np.cross(X, X[::-1]))
    z = X + 1j * X[::-1]
    close(tg.linalg.vecdot(tg.tensor(z), tg.tensor(X + 0j)), (z.conj() * X).sum(-1))
    close(tg.linalg.diagonal(tg.tensor(X), offset=1), np.diagonal(X, 1))


TORCH: dict[str, Case] = {
    "power 3": lambda t: t.m.linalg.matrix_power(t.leaf(3, 3), 3),
    "power -2": lambda t: t.m.linalg.matrix_power(t.leaf(3, 3), -2),
    "exp": lambda t: t.m.linalg.matrix_exp(t.leaf(2, 3, 3)),
    "multi_dot": lambda t: t.m.linalg.multi_dot([t.leaf(2), t.leaf(2, 4), t.leaf(4, 3)]),
    "cross": lambda t: t.m.linalg.cross(t.leaf(2, 3), t.leaf(1, 3)),
    "vecdot": lambda t: t.m.linalg.vecdot(t.leaf(2, 3), t.leaf(3), dim=-1),
    "vecdot vectors": lambda t: t.m.linalg.vecdot(t.leaf(3), t.leaf(3)),
    "vander": lambda t: t.m.linalg.vander(t.leaf(2, 3), N=4),
    "diagonal": lambda t: t.m.linalg.diagonal(t.leaf(2, 3, 4), offset=-1),
    "x.matrix_power": lambda t: t.leaf(3, 3).matrix_power(2),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "power": lambda t: t.m.linalg.matrix_power(t.leaf(2, 3), 2),
    "multi_dot": lambda t: t.m.linalg.multi_dot([t.leaf(2, 2)]),
    "vander": lambda t: t.m.linalg.vander(t.leaf(2, 3), N=1),
    "cross": lambda t: t.m.linalg.cross(t.leaf(2, 4), t.leaf(2, 4)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)
