"""Every operator record, with no test of its own: a batch gives what a loop over its examples gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from telegrad_engine.grad.reverse import gradients
from telegrad_engine.ops import emit as g
from telegrad_engine.ops.record import Example, OpRecord
from telegrad_proto import dtypes
from telegrad_proto.batching import BATCHING
from telegrad_proto.ir import Value
from telegrad_proto.rules import RULES
from tests.engine.ops.examples import examples_of, graph_of, sampled, with_dtype
from tests.engine.ops.graphs import RECORDS, Array, Build, compute, draw_like, leaf, numbers

SIZE = 3
#: Types tried in turn: the first that the operator takes.
TYPES = (dtypes.float64, dtypes.complex128, dtypes.int64, dtypes.bool_)


def typed_examples(record: OpRecord) -> Iterator[Example]:
    for sample in examples_of(record):
        for dtype in TYPES:
            typed = with_dtype(record, sample, dtype)
            if typed is not None:
                yield typed
                break
        else:
            yield sample


def carried_inputs(count: int) -> list[tuple[bool, ...]]:
    """All inputs with a batch axis, each alone, and all but each."""
    alone = [tuple(i == j for j in range(count)) for i in range(count)]
    return sorted(
        {(True,) * count, *alone, *[tuple(not c for c in row) for row in alone]} - {(False,) * count}
    )


def batch_numbers(build: Build, stacked: Sequence[Array], carries: Sequence[bool]) -> list[Array]:
    """What a graph gives for a batch: leaves that carry it have a leading axis, and so have all results."""
    leaves = [leaf(array) for array in stacked]
    outputs = build(*[g.Batched(v) if c else v for v, c in zip(leaves, carries, strict=True)])
    assert all(isinstance(y, g.Batched) for y in outputs)
    wholes = [y.whole for y in outputs if isinstance(y, g.Batched)]
    for y, whole in zip(outputs, wholes, strict=True):
        assert whole.spec.shape == (SIZE, *y.spec.shape)
    return compute(wholes, {id(v): a for v, a in zip(leaves, stacked, strict=True)})


def stack(examples: Sequence[Sequence[Array]], carries: Sequence[bool]) -> list[Array]:
    """The inputs of all examples: stacked where they carry the batch, else the first's."""
    return [
        np.stack([e[i] for e in examples]) if carried else examples[0][i] for i, carried in enumerate(carries)
    ]


def close(found: Array, wanted: Array) -> None:
    if found.dtype.kind in "fc":
        scale = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0))
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12 * scale)
    else:
        np.testing.assert_array_equal(found, wanted)


def test_every_rule_has_its_batching_rule() -> None:
    assert BATCHING.keys() == RULES.keys()
    assert {record.rule.name for record in RECORDS.values()} <= BATCHING.keys()


@pytest.mark.parametrize("name", sorted(n for n, r in RECORDS.items() if r.inputs))
def test_values_are_those_of_a_loop(name: str, rng: np.random.Generator) -> None:
    record = RECORDS[name]
    for sample in typed_examples(record):
        build = graph_of(record, sample, heads=False)
        for carries in carried_inputs(len(sample.specs)):
            examples = [sampled(record, sample, rng) for _ in range(SIZE)]
            stacked = stack(examples, carries)
            found = batch_numbers(build, stacked, carries)
            looped = [
                numbers(build, [a[i] if c else a for a, c in zip(stacked, carries, strict=True)])
                for i in range(SIZE)
            ]
            for position, whole in enumerate(found):
                for i in range(SIZE):
                    close(whole[i], looped[i][position])


@pytest.mark.parametrize("name", sorted(n for n, r in RECORDS.items() if any(r.vjps)))
def test_gradients_for_many_cotangents_are_those_of_a_loop(name: str, rng: np.random.Generator) -> None:
    record = RECORDS[name]
    for sample in typed_examples(record):
        if not any(s.dtype.is_differentiable for s in sample.specs):
            continue
        build = graph_of(record, sample, heads=True)
        arrays = sampled(record, sample, rng)
        flat = [i for i in range(len(arrays)) if record.vjp_at(i) is None]
        leaves = [leaf(a, frozen=i in flat) for i, a in enumerate(arrays)]
        with g.tracking():
            outputs = [y for y in build(*leaves) if y.spec.dtype.is_differentiable]
        wrt = [v for v in leaves if v.tracked]
        shapes = [np.zeros((SIZE, *y.spec.shape), y.spec.dtype.typestr) for y in outputs]
        cts = [draw_like(rng, shape) for shape in shapes]
        known = {id(v): a for v, a in zip(leaves, arrays, strict=True)}
        for create_graph in (False, True):
            batch = [leaf(ct) for ct in cts]
            made = gradients(outputs, batch, wrt, create_graph=create_graph, batch=SIZE)
            found = compute(made, known | {id(v): a for v, a in zip(batch, cts, strict=True)})
            for i in range(SIZE):
                one = [leaf(np.asarray(ct[i])) for ct in cts]
                alone: Sequence[Value] = gradients(outputs, one, wrt)
                values = {id(v): np.asarray(a[i]) for v, a in zip(one, cts, strict=True)}
                for whole, wanted in zip(found, compute(alone, known | values), strict=True):
                    close(whole[i], wanted)
