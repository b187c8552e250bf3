from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from tests.client.functions.comparing import Case, agree, close

V = np.array([-3.0, -0.5, 0.0, 1.0, 4.0])
NORMAL = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in V])


def test_the_gaussian_distribution() -> None:
    close(tg.special.ndtr(tg.tensor(V)), NORMAL)
    close(tg.special.log_ndtr(tg.tensor(V)), np.log(NORMAL))
    close(tg.special.ndtri(tg.tensor(NORMAL)), V)
    assert np.isfinite(tg.special.log_ndtr(tg.tensor([-100.0])).numpy()).all()
    assert tg.special.ndtr(tg.tensor([-20.0], dtype=tg.float64)).item() > 0


def test_entropy_terms() -> None:
    close(tg.special.entr(tg.tensor([0.0, 0.5, -1.0])), [0.0, 0.5 * math.log(2), -math.inf])
    close(tg.special.xlog1py(tg.tensor([0.0, 2.0]), tg.tensor([-1.0, 1.0])), [0.0, 2 * math.log(2)])


def test_bessel_and_error_functions() -> None:
    scaled = np.array([math.exp(v * v) * math.erfc(v) for v in (0.0, 0.5, 2.0)])
    close(tg.special.erfcx(tg.tensor([0.0, 0.5, 2.0])), scaled)
    close(tg.special.i0(tg.tensor(V)), np.i0(V))
    close(tg.special.i0e(tg.tensor(V)), np.i0(V) * np.exp(-np.abs(V)))
    close(tg.special.i1(tg.tensor([0.0, 1.0])), [0.0, 0.565159104])
    close(tg.special.zeta(tg.tensor([2.0]), 1.0), [math.pi**2 / 6])


def test_other_names_of_torchs_functions() -> None:
    x = tg.tensor([0.25])
    close(tg.special.expit(x), 1 / (1 + math.exp(-0.25)) * np.ones(1))
    close(tg.special.gammaln(x), [math.lgamma(0.25)])
    close(tg.special.psi(tg.tensor([1.0])), [-0.5772157])


TORCH: dict[str, Case] = {
    "ndtr": lambda m, x, i: m.special.ndtr(x),
    "log_ndtr": lambda m, x, i: m.special.log_ndtr(x),
    "entr": lambda m, x, i: m.special.entr(x.abs() + 0.1),
    "i1": lambda m, x, i: m.special.i1(x),
    "i1e": lambda m, x, i: m.special.i1e(x),
    "erfcx": lambda m, x, i: m.special.erfcx(x),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case, names=False)
