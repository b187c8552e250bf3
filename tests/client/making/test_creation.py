"""Factories: what data becomes, and how shapes may be given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from telegrad.making.creation import (
    array_from,
    dtype_of,
    dtype_of_class,
    fetch_together,
    from_array,
    shape_of,
)
from telegrad_proto.errors import ArgumentError, DTypeError, LimitError, ShapeError


def test_arrays_of_any_layout_and_byte_order() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for given in (
        array.T,
        array[::-1, ::2],
        array.astype(">f8"),
        np.asfortranarray(array),
        array[:0],
        array[1, 1:2],
    ):
        x = tg.tensor(given)
        np.testing.assert_array_equal(x.numpy(), given)
        np.testing.assert_array_equal((x + 0).numpy(), given)
        assert x.dtype is tg.float64
    for kind in (">i4", ">c8", ">u2", "<f2", "?"):
        given = np.array([1, 0, 1]).astype(kind)
        np.testing.assert_array_equal((tg.tensor(given) * 1).numpy(), given)


def test_data_is_copied() -> None:
    array = np.ones(3)
    made = [tg.tensor(array), tg.from_numpy(array), tg.as_tensor(array)]
    array[0] = 7
    assert [x.tolist()[0] for x in made] == [1.0, 1.0, 1.0]
    x = tg.ones(2)
    y = tg.tensor(x)
    y.zero_()
    assert x.tolist() == [1.0, 1.0]


def test_what_numpy_gets_is_read_only() -> None:
    array = tg.tensor([1.0]).numpy()
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2.0


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, "int64"),
        (True, "bool"),
        (1.5, "float32"),
        (1j, "complex64"),
        ([], "float32"),
        ([1, 2.5], "float32"),
        ([True, 2], "int64"),
        ([[1], [2]], "int64"),
        ((1, 2), "int64"),
        (range(3), "int64"),
        (np.float64(1), "float64"),
        ([np.float32(1)], "float32"),
        (np.array([1], np.int8), "int8"),
    ],
    ids=str,
)
def test_types_of_data(data: object, dtype: str) -> None:
    assert tg.tensor(data).dtype.name == dtype


def test_text_and_objects_are_refused() -> None:
    for data in ("a", b"a", ["a"], [1, "a"], {"a": 1}, None, object(), [None]):
        with pytest.raises((TypeError, RuntimeError)):
            tg.tensor(data)
    with pytest.raises(TypeError, match=r"can't convert np\.ndarray of type numpy\."):
        tg.tensor(np.array(["a"]))
    with pytest.raises(TypeError):
        tg.tensor(np.array([object()]))


def test_numbers_that_are_not_finite() -> None:
    x = tg.tensor([float("nan"), float("inf"), -0.0])
    assert np.isnan(x.numpy()[0])
    assert (x + 0).tolist()[1] == np.inf
    assert np.signbit((x * 1).numpy()[2])
    assert tg.full((2,), float("nan")).isnan().all()
    for value in (float("nan"), float("inf")):
        with pytest.raises(RuntimeError, match="without overflow"):
            tg.tensor(value, dtype=tg.int32)


def test_empty_and_zero_dimensional() -> None:
    assert tg.zeros(2, 0, 3).sum(1).shape == (2, 3)
    assert tg.tensor([[]]).shape == (1, 0)
    assert tg.zeros(()).shape == ()
    assert tg.zeros(()).item() == 0.0
    assert tg.empty(0).numel() == 0
    assert (tg.zeros(0, 3) + tg.zeros(1, 3)).numpy().shape == (0, 3)


def test_shapes_may_be_given_in_many_ways() -> None:
    for sizes in ((2, 3), ((2, 3),), ([2, 3],), (tg.Size((2, 3)),), (np.int64(2), tg.tensor(3))):
        assert tg.zeros(*sizes).shape == (2, 3)
        assert shape_of(sizes) == (2, 3)
    assert tg.ones(size=(1,)).tolist() == [1.0]


def test_impossible_shapes() -> None:
    with pytest.raises(ShapeError, match="negative dimension -1"):
        tg.zeros(2, -1)
    with pytest.raises(LimitError):
        tg.zeros(2**40, 2**40)
    with pytest.raises(LimitError):
        tg.ones(*[1] * 40)
    for sizes in (("a",), (1.5,), (True,), (None,)):
        with pytest.raises(TypeError, match="must be tuple of ints"):
            tg.zeros(*sizes)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        tg.zeros(2, colour="red")


def test_requires_grad_wants_a_type_with_derivatives() -> None:
    assert tg.tensor([1.0], requires_grad=True).requires_grad
    assert tg.zeros(1, dtype=tg.complex64, requires_grad=True).is_leaf
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype"):
        tg.zeros(1, dtype=tg.int64, requires_grad=True)


def test_devices() -> None:
    assert tg.zeros(1, device="cpu").device == tg.device("cpu")
    with pytest.raises(RuntimeError, match="computed by the session's server"):
        tg.zeros(1, device="cuda:0")


def test_several_arrays_for_one_message(messages: Callable[[], int]) -> None:
    parts = [tg.ones(2) * k for k in range(5)]
    arrays = fetch_together(parts)
    assert [a.tolist() for a in arrays] == [[k, k] for k in range(5)]
    assert messages() == 1
    assert array_from(parts[2]) is arrays[2]


def test_names_of_types() -> None:
    assert dtype_of(int) is tg.int64
    assert dtype_of(float) is tg.float32
    assert dtype_of(bool) is tg.bool
    assert dtype_of(complex) is tg.complex64
    assert dtype_of(tg.DoubleTensor) is tg.float64
    assert dtype_of_class("torch.LongTensor") is tg.int64
    with pytest.raises(DTypeError):
        dtype_of("float32")
    with pytest.raises(ArgumentError, match="invalid type"):
        dtype_of_class("torch.FooTensor")


def test_from_array_takes_over_only_what_cannot_change() -> None:
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    assert from_array(frozen)._value.local is frozen
    assert from_array(np.zeros(2))._value.local is not None
    loose = np.zeros(2)
    x = from_array(loose)
    loose[0] = 1
    assert x.tolist() == [0.0, 0.0]


def test_asarray_copies_on_request() -> None:
    x = tg.ones(1)
    assert tg.asarray(x) is x
    assert tg.asarray(x, copy=True) is not x
    assert tg.asarray([1.0], requires_grad=True).requires_grad
    assert tg.as_tensor(x, dtype=tg.float64).dtype is tg.float64
    assert tg.scalar_tensor(3).dtype is tg.float32


def test_whether_a_gradient_is_wanted_is_a_truth_value() -> None:
    with pytest.raises(TypeError, match="must be bool, not int"):
        tg.scalar_tensor(1, requires_grad=1)
    with pytest.raises(TypeError, match="must be Number, not list"):
        tg.scalar_tensor([])
