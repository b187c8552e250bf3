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


def test_conjugates_are_a_view() -> None:
    z = tg.tensor([1 + 2j, 3 - 1j])
    z.conj().mul_(2j)
    assert z.tolist() == [4 - 2j, -2 - 6j]
    z.conj().imag.add_(2)
    assert z.tolist() == [4 - 4j, -2 - 8j]
    m = tg.tensor([[1 + 1j, 1 + 1j], [1 + 1j, 1 + 1j]])
    m.mH[0].mul_(2)
    m.H[1].mul_(3)
    m.adjoint()[0].mul_(2)
    assert m.tolist() == [[4 + 4j, 3 + 3j], [4 + 4j, 3 + 3j]]


def test_resolved_conjugates_are_a_copy() -> None:
    z = tg.tensor([1 + 2j, 3 - 1j])
    z.conj().resolve_conj().mul_(2)
    z.conj().detach()[0].resolve_conj().mul_(2)
    z.conj().imag.resolve_neg().add_(2)
    assert z.tolist() == [1 + 2j, 3 - 1j]
    z.conj().conj().resolve_conj().mul_(2)
    z.conj().real.resolve_neg().add_(1)
    assert z.tolist() == [3 + 4j, 7 - 2j]


def test_the_gradient_of_a_write_through_conjugates() -> None:
    z = tg.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    w = z * 1
    w.conj().mul_(2j)
    (w * tg.tensor([1, 2j])).real.sum().backward()
    assert z.grad.tolist() == [2j, 4 + 0j]
