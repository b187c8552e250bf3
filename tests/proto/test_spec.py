"""Specs: one object a shape and type, sizes that do not overflow."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

import pytest

from telegrad_proto import dtypes, spec
from telegrad_proto.errors import LimitError, ShapeError
from telegrad_proto.limits import MAX_DIM, MAX_ELEMENTS, MAX_RANK
from telegrad_proto.spec import Spec, element_count


def test_equal_specs_are_one_object() -> None:
    a = Spec((2, 3), dtypes.float32)
    assert Spec((2, 3), dtypes.float32) is a
    assert Spec((3, 2), dtypes.float32) is not a
    assert Spec((2, 3), dtypes.float64) is not a
    assert pickle.loads(pickle.dumps(a)) is a
    assert copy.deepcopy(a) is a


def test_what_it_knows() -> None:
    a = Spec((2, 3), dtypes.complex64)
    assert (a.size, a.nbytes, a.ndim) == (6, 48, 2)
    assert repr(a) == "complex64[2, 3]"
    scalar = Spec((), dtypes.float32)
    assert (scalar.size, scalar.nbytes, scalar.ndim, repr(scalar)) == (1, 4, 0, "float32[]")
    empty = Spec((0, 3), dtypes.float32)
    assert (empty.size, empty.nbytes) == (0, 0)


def test_relatives() -> None:
    a = Spec((2, 3), dtypes.float32)
    assert a.with_dtype(dtypes.int8) is Spec((2, 3), dtypes.int8)
    assert a.with_shape((6,)) is Spec((6,), dtypes.float32)


def test_specs_that_nobody_holds_are_forgotten() -> None:
    gc.collect()
    before = len(spec._KNOWN)
    many = [Spec((1_000_003, i), dtypes.int8) for i in range(50)]
    assert len(spec._KNOWN) == before + 50
    del many
    assert len(spec._KNOWN) == before


def test_threads_get_the_same_object() -> None:
    barrier = threading.Barrier(4)
    found: list[Spec] = []

    def make() -> None:
        barrier.wait(30)
        found.extend(Spec((1_000_033, i), dtypes.int8) for i in range(200))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(s) for s in found}) == 200


@pytest.mark.parametrize(
    "shape",
    [
        (2**32, 2**32),
        (2**62, 2, 2),
        (MAX_ELEMENTS + 1,),
        (2**32, 2**32, 0),
        (0, 2**62, 2**62),
        (MAX_DIM + 1,),
        (0, MAX_DIM + 1),
        (1,) * (MAX_RANK + 1),
        (3,) * MAX_RANK + (3,) * 10,
        (2,) * 32 + (0,) * 1_000_000,
    ],
    ids=lambda s: f"{len(s)} dims" if len(s) > 5 else str(s),
)
def test_sizes_past_the_bounds_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(LimitError) as refused:
        Spec(shape, dtypes.bool_)
    assert len(str(refused.value)) < 1000


def test_sizes_at_the_bounds_are_taken() -> None:
    assert Spec((MAX_ELEMENTS,), dtypes.complex128).nbytes < 2**63
    assert Spec((1,) * MAX_RANK, dtypes.int8).size == 1
    assert element_count((0, MAX_ELEMENTS)) == 0


@pytest.mark.parametrize(
    ("shape", "text"), [((-1,), "negative dimension -1"), ((2, -3), "negative dimension -3")]
)
def test_negative_dimensions_are_refused(shape: tuple[int, ...], text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        Spec(shape, dtypes.float32)


@pytest.mark.parametrize("dim", ["3", 3.5, None, True])
def test_dimensions_are_integers(dim: object) -> None:
    with pytest.raises(ShapeError, match="requires integers"):
        element_count((2, dim))  # type: ignore[arg-type]
