"""What outcomes bring back."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.runtime.answers import answer, host_array
from telegrad_engine.runtime.backend import backend
from telegrad_proto import dtypes
from telegrad_proto.codec import decode_spec
from telegrad_proto.ir import Buffer, Ledger, Value
from telegrad_proto.limits import INLINE_BYTES, MAX_INLINE_TOTAL_BYTES
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2

CPU = backend()


def value(array: np.ndarray, id_: int) -> Value:
    spec = Spec(array.shape, dtypes.by_typestr[array.dtype.newbyteorder("<").str])
    made = Value(spec, leaf=Buffer(array, spec.nbytes, Ledger()))
    made.id = id_
    return made


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.arange(3, dtype=">i4"),
        np.array([True, False]),
        np.float32(2.5).reshape(()),
        np.zeros((0, 2)),
        np.array([1 + 2j], np.complex64),
    ],
)
def test_bytes_are_little_endian_and_in_order(array: np.ndarray) -> None:
    outcome = session_pb2.Outcome()
    answer(outcome, [value(array, 7)], CPU)
    (fetched,) = outcome.values
    spec = decode_spec(fetched.spec)
    assert fetched.id == 7
    found = np.frombuffer(fetched.data, spec.dtype.typestr).reshape(spec.shape)
    np.testing.assert_array_equal(found, array)
    assert host_array(value(array, 7), CPU).flags.c_contiguous


def test_what_is_too_large_is_announced() -> None:
    outcome = session_pb2.Outcome()
    answer(outcome, [value(np.zeros(INLINE_BYTES + 1, np.uint8), 1), value(np.zeros(2), 2)], CPU)
    assert [(v.id, v.by_get, len(v.data)) for v in outcome.values] == [(1, True, 0), (2, False, 16)]


def test_all_together_fit_a_message() -> None:
    count = MAX_INLINE_TOTAL_BYTES // INLINE_BYTES + 2
    values = [value(np.zeros(INLINE_BYTES, np.uint8), i) for i in range(count)]
    outcome = session_pb2.Outcome()
    answer(outcome, values, CPU)
    assert [v.by_get for v in outcome.values] == [False] * (count - 2) + [True] * 2
