"""Special functions keep their element type."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from telegrad_engine.kernels import special


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8"])
def test_element_types(dtype: str) -> None:
    x = np.array([0.25, 0.5], dtype)
    tolerance = {"<f2": 1e-3, "<f4": 1e-6, "<f8": 1e-14}[dtype]
    for name in ("erf", "gammaln", "digamma", "i1e", "log_ndtr", "erfinv", "ndtri"):
        out = special.unary(name)(np, x)
        assert out.dtype.str == dtype
        np.testing.assert_allclose(out, getattr(scipy.special, name)(x.astype("<f8")), rtol=tolerance)
    out = special.binary("gammainc")(np, x, x)
    assert out.dtype.str == dtype
    out = special.polygamma(np, x, n=2)
    assert out.dtype.str == dtype
    np.testing.assert_allclose(out, scipy.special.polygamma(2, x.astype("<f8")), rtol=tolerance)


def test_gamma_functions_at_the_infinities() -> None:
    x = np.array([-np.inf, np.inf, 3.0, np.nan], "<f4")
    np.testing.assert_array_equal(special.lgamma(np, x), np.array([np.inf, np.inf, np.log(2), np.nan], "<f4"))
    first = special.polygamma(np, x, n=1)
    assert first.dtype == x.dtype
    assert np.isnan(first[0])
    assert first[1] == 0


def test_the_module_goes_with_the_arrays() -> None:
    assert special.special(np) is scipy.special
