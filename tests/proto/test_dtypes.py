"""Element types and torch's promotion."""

from __future__ import annotations

import copy
import itertools
import pickle
import re

import numpy as np
import pytest

from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType, promote
from telegrad_proto.errors import DTypeError
from telegrad_proto.v1 import tensor_pb2

PAIRS = list(itertools.combinations_with_replacement(dtypes.ALL, 2))


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
def test_numpy_and_the_wire_agree(dtype: DType) -> None:
    array = np.dtype(dtype.typestr)
    assert array.itemsize == dtype.itemsize
    assert array.kind == dtype.kind
    assert array.name == dtype.name
    assert tensor_pb2.DType.Name(dtype.code) == dtype.name.upper()
    assert dtypes.of_code(dtype.code) is dtype
    assert dtypes.by_name[dtype.name] is dtypes.by_typestr[dtype.typestr] is dtype
    assert repr(dtype) == f"torch.{dtype.name}"


def test_the_wire_has_no_other() -> None:
    assert {v for v in tensor_pb2.DType.values() if v} == set(dtypes.by_code)


@pytest.mark.parametrize("code", [0, 15, 99, -1])
def test_an_unknown_code_is_refused(code: int) -> None:
    with pytest.raises(DTypeError, match=f"got {code}"):
        dtypes.of_code(code)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
def test_copies_are_the_same_object(dtype: DType) -> None:
    assert copy.deepcopy(dtype) is dtype
    assert pickle.loads(pickle.dumps(dtype)) is dtype


def test_kinds() -> None:
    assert [d.name for d in dtypes.ALL if d.is_floating_point] == ["float16", "float32", "float64"]
    assert [d.name for d in dtypes.ALL if d.is_complex] == ["complex64", "complex128"]
    assert [d.name for d in dtypes.ALL if not d.is_signed] == ["bool", "uint8", "uint16", "uint32", "uint64"]
    assert all(d.is_differentiable == (d.is_floating_point or d.is_complex) for d in dtypes.ALL)


def test_parts_of_complex_numbers() -> None:
    assert dtypes.complex64.to_real() is dtypes.float32
    assert dtypes.complex128.to_real() is dtypes.float64
    assert dtypes.int8.to_real() is dtypes.int8
    assert dtypes.float32.to_complex() is dtypes.complex64
    assert dtypes.complex128.to_complex() is dtypes.complex128
    for dtype in (dtypes.float16, dtypes.int64, dtypes.bool_):
        with pytest.raises(DTypeError, match=f"got {dtype.name}"):
            dtype.to_complex()


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=lambda d: d.name)
def test_promotion_is_symmetric_and_idempotent(a: DType, b: DType) -> None:
    try:
        both = promote(a, b)
    except DTypeError:
        with pytest.raises(DTypeError):
            promote(b, a)
        return
    assert promote(b, a) is both
    assert promote(both, a) is both
    assert promote(both, b) is both


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ("bool", "uint8", "uint8"),
        ("uint8", "int8", "int16"),
        ("uint8", "int64", "int64"),
        ("int32", "int16", "int32"),
        ("int64", "float16", "float16"),
        ("uint64", "float16", "float16"),
        ("float16", "float32", "float32"),
        ("float64", "complex64", "complex128"),
        ("float16", "complex64", "complex64"),
        ("int64", "complex64", "complex64"),
        ("complex64", "complex128", "complex128"),
    ],
)
def test_promotion_is_torchs(a: str, b: str, both: str) -> None:
    assert promote(dtypes.by_name[a], dtypes.by_name[b]).name == both


@pytest.mark.parametrize("other", ["bool", "uint8", "int8", "int64", "uint32", "complex64"])
def test_wide_unsigned_integers_have_no_common_type(other: str) -> None:
    with pytest.raises(DTypeError, match="not supported, attempted to promote UInt16 and"):
        promote(dtypes.uint16, dtypes.by_name[other])


@pytest.mark.torch
@pytest.mark.parametrize(("a", "b"), PAIRS, ids=lambda d: d.name)
def test_promotion_beside_torch(a: DType, b: DType) -> None:
    torch = pytest.importorskip("torch")
    for left, right in ((a, b), (b, a)):
        try:
            want = str(torch.promote_types(getattr(torch, left.name), getattr(torch, right.name)))
        except RuntimeError as error:
            with pytest.raises(DTypeError, match=re.escape(str(error))):
                promote(left, right)
        else:
            assert repr(promote(left, right)) == want
