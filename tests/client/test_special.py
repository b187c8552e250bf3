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


BESSEL = {
    "bessel_j0": (0.938469807240813, -0.2600519549019334),
    "bessel_j1": (0.242268457674874, 0.33905895852593637),
    "bessel_y0": (-0.444518733506707, 0.3768500100127903),
    "bessel_y1": (-1.47147239267024, 0.324674424791800),
    "modified_bessel_i0": (1.06348337074132, 4.88079258586503),
    "modified_bessel_i1": (0.257894305390896, 3.95337021740261),
    "modified_bessel_k0": (0.924419071227666, 0.0347395043862792),
    "modified_bessel_k1": (1.65644112000330, 0.0401564311281943),
    "scaled_modified_bessel_k0": (1.52410938577391, 0.697761598043851),
    "scaled_modified_bessel_k1": (2.73100970821000, 0.806563480128786),
    "spherical_bessel_j0": (0.958851077208406, 0.0470400026866224),
}


@pytest.mark.parametrize("name", BESSEL)
def test_bessel_functions(name: str) -> None:
    function = getattr(tg.special, name)
    x = tg.tensor([0.5, 3.0], dtype=tg.float64, requires_grad=True)
    found = function(x)
    np.testing.assert_allclose(found.numpy(), BESSEL[name], rtol=1e-12)
    assert not found.requires_grad
    assert function(tg.tensor([2])).dtype is tg.float32
    with pytest.raises(NotImplementedError, match=f'"{name}_cpu" not implemented for'):
        function(x.detach().half())
    with pytest.raises(NotImplementedError, match=f'"{name}_cpu" not implemented for'):
        function(tg.complex(x, x))


@pytest.mark.torch
@pytest.mark.parametrize("name", BESSEL)
def test_bessel_functions_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    x = np.array([0.5, -1.5, 3.0, 0.0, 30.0, np.inf, np.nan, 1e-9, 700.0])
    expected = getattr(torch.special, name)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(
        getattr(tg.special, name)(tg.tensor(x)).numpy(), expected, rtol=1e-9, atol=1e-15
    )
