"""Element types, complex parts, and choices, beside torch."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_proto import dtypes
from telegrad_proto.errors import InvalidValueError
from tests.engine.ops.beside_torch import assert_as_torch, build_of
from tests.engine.ops.graphs import numbers


@pytest.mark.torch
def test_gradients_come_back_in_the_type_they_left() -> None:
    import torch

    x = np.array([1.5, -2.5], "<f4")
    assert_as_torch("cast", lambda t: t.to(torch.float64), x, dtype=dtypes.float64)
    assert_as_torch("cast", lambda t: t.to(torch.complex128), x, dtype=dtypes.complex128)
    assert_as_torch("cast", lambda t: t.to(torch.float16), x, dtype=dtypes.float16)


@pytest.mark.torch
def test_parts_of_complex_numbers() -> None:
    import torch

    z = np.array([1 + 2j, -3j])
    assert_as_torch("real", torch.real, z)
    assert_as_torch("imag", torch.imag, z)
    assert_as_torch("conj", lambda t: torch.conj(t).resolve_conj(), z)
    assert_as_torch("complex", torch.complex, z.real.copy(), z.imag.copy())


def test_infinite_parts_stay_apart() -> None:
    (out,) = numbers(build_of("complex", {}), [np.array([1.0, np.inf]), np.array(np.inf)])
    assert out.real.tolist() == [1.0, np.inf]
    assert out.imag.tolist() == [np.inf, np.inf]


@pytest.mark.torch
@pytest.mark.parametrize(
    ("dtype", "name"), [(dtypes.int32, "int32"), (dtypes.bool_, "bool"), (dtypes.uint8, "uint8")]
)
def test_numbers_become_integers_as_in_torch(dtype: dtypes.DType, name: str) -> None:
    import torch

    x = np.array([0.0, 0.9, 1.9, 200.0])
    assert_as_torch("cast", lambda t: t.detach().to(getattr(torch, dtype.name)), x, dtype=dtype, orders=0)


@pytest.mark.torch
def test_what_is_not_chosen_gets_nothing_not_even_nan() -> None:
    import torch

    condition = np.array([True, False, True])
    a, b = np.array([1.0, np.nan, np.inf]), np.array(np.nan)
    assert_as_torch("where", torch.where, condition, a, b)


def test_what_is_required() -> None:
    x = np.array([1.0, 2.0])
    (out,) = numbers(build_of("require", {"message": ""}), [x, np.array([True])])
    assert out.tolist() == [1.0, 2.0]
    with pytest.raises(InvalidValueError, match="x is positive"):
        numbers(build_of("require", {"message": "x is positive"}), [x, np.array([True, False])])
