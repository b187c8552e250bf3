"""Every operator record, with no test of its own: what is inferred is computed, derivatives are slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telegrad_engine.ops.registry import StaleCatalogueError, check_catalogue
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.opset import OPSET
from tests.engine.ops.examples import (
    PREPARE,
    examples_of,
    graph_of,
    sampled,
    with_dtype,
)
from tests.engine.ops.graphs import RECORDS, assert_slopes, differentiated, forward, numbers


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_what_is_inferred_is_computed(name: str, rng: np.random.Generator) -> None:
    record = RECORDS[name]
    taken = 0
    for sample in examples_of(record):
        assert set(sample.attrs) == {n for n, _ in record.attributes}
        for dtype in dtypes.ALL:
            typed = with_dtype(record, sample, dtype)
            if typed is None:
                continue
            taken += 1
            arrays = sampled(record, typed, rng)
            if name in PREPARE:
                numbers(graph_of(record, typed, heads=False), arrays)
                continue
            specs = OPSET[name].infer(typed.specs, tuple(typed.attrs[n] for n, _ in record.attributes))
            for made, spec in zip(forward(name, arrays, typed.attrs), specs, strict=True):
                assert made.shape == spec.shape, f"{typed}: inferred {spec}, got shape {made.shape}"
                assert made.dtype.str == spec.dtype.typestr, f"{typed}: inferred {spec}, got {made.dtype}"
    assert taken >= len(record.examples)


SMOOTH = [
    (name, dtype)
    for name, record in sorted(RECORDS.items())
    for dtype in (dtypes.float64, dtypes.complex128)
    if any(record.vjps) and record.smooth and with_dtype(record, record.examples[0], dtype) is not None
]


@pytest.mark.parametrize(("name", "dtype"), SMOOTH, ids=[f"{n}-{d.name}" for n, d in SMOOTH])
def test_derivatives_are_slopes_and_so_are_theirs(name: str, dtype: DType, rng: np.random.Generator) -> None:
    record = RECORDS[name]
    for sample in examples_of(record):
        typed = with_dtype(record, sample, dtype)
        if typed is None:
            continue
        flat = frozenset(i for i in range(len(typed.specs)) if record.vjp_at(i) is None)
        assert_slopes(graph_of(record, typed, heads=True), sampled(record, typed, rng), rng, frozen=flat)


@pytest.mark.parametrize("name", sorted(n for n, r in RECORDS.items() if any(r.vjps)))
def test_gradients_have_the_spec_of_their_input(name: str, rng: np.random.Generator) -> None:
    record = RECORDS[name]
    seen = 0
    for sample in examples_of(record):
        for dtype in (dtypes.float16, dtypes.float32, dtypes.complex64):
            typed = with_dtype(record, sample, dtype)
            if typed is None:
                continue
            seen += 1
            flat = frozenset(i for i in range(len(typed.specs)) if record.vjp_at(i) is None)
            arrays = sampled(record, typed, rng)
            build = graph_of(record, typed, heads=False)
            outputs = [a for a in numbers(build, arrays) if a.dtype.kind in "fc"]
            found = numbers(differentiated(build, len(arrays)), [*arrays, *outputs], frozen=flat)
            wrt = [a for i, a in enumerate(arrays) if a.dtype.kind in "fc" and i not in flat]
            assert [(a.shape, a.dtype) for a in found] == [(a.shape, a.dtype) for a in wrt]
    assert seen


def test_the_catalogue_is_that_of_the_records() -> None:
    check_catalogue()


def test_a_stale_catalogue_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ops: dict[str, Any] = dict(OPSET.ops)
    del ops["sin"]
    monkeypatch.setattr(OPSET, "ops", ops)
    with pytest.raises(StaleCatalogueError, match=r"operator sin: not in opset\.json"):
        check_catalogue()


def test_every_record_tells_people_what_it_is() -> None:
    for record in RECORDS.values():
        assert record.doc.endswith("."), record.name
        assert "\n" not in record.doc, record.name
        assert record.examples, record.name
