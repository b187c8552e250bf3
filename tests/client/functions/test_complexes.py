from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close, fail_alike

Z = np.array([1 + 2j, -3 - 0.5j, 0j])


def test_parts_and_angles() -> None:
    z = tg.tensor(Z)
    close(tg.real(z), Z.real)
    close(tg.imag(z), Z.imag)
    close(tg.conj(z), Z.conj())
    close(tg.angle(z), np.angle(Z))
    close(tg.angle(tg.tensor([-1.0, 2.0])), [np.pi, 0.0])
    close(tg.isreal(z), [False, False, True])


def test_pairs_are_complex_numbers() -> None:
    pairs = np.stack([Z.real, Z.imag], -1)
    close(tg.view_as_real(tg.tensor(Z)), pairs)
    close(tg.view_as_complex(tg.tensor(pairs)), Z)


def test_the_gradient_of_a_real_function_is_torchs_conjugate() -> None:
    z = tg.tensor(Z, requires_grad=True)
    (z * z.conj()).real.sum().backward()
    close(z.grad, 2 * Z)


TORCH: dict[str, Case] = {
    "view_as_real": lambda m, x, i: m.view_as_real(m.complex(x, x * 2)),
    "view_as_complex": lambda m, x, i: m.view_as_complex(x[:, :2].clone()),
    "conj": lambda m, x, i: m.complex(x, x * 2).conj() * 2,
    "real": lambda m, x, i: m.real(m.complex(x, x * 2)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=False)


@pytest.mark.torch
@pytest.mark.parametrize("case", [lambda m, x, i: m.imag(x), lambda m, x, i: m.view_as_complex(x)])
def test_it_fails_as_torch(case: Case) -> None:
    fail_alike(case)
