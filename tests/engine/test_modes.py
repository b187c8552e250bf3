from __future__ import annotations

import pytest

from telegrad_engine.modes import Differentiator, extra_specs, want
from telegrad_engine.ops.registry import load_families
from telegrad_proto.errors import ArgumentError, GradientError, LimitError
from telegrad_proto.program import Blueprint
from tests.program_drafts import Draft, mean_of_sines

load_families()


def test_each_mode_says_what_it_takes_and_gives() -> None:
    blueprint = Blueprint.from_bytes(mean_of_sines().raw())
    assert [s.shape for s in extra_specs(blueprint, "vjp", (0,), 5)] == [(), (5, 1)]
    assert [s.shape for s in extra_specs(blueprint, "jvp", (1,), 5)] == [(5, 4)]
    assert extra_specs(blueprint, "value", (), 5) == ()
    pulled = want(blueprint, "vjp", (0, 1), 5)
    assert [v.spec.shape for v in pulled.gradients] == [(4,), (5, 4)]
    assert [v.spec.shape for v in pulled.leaves] == [(4,), (5, 4), (), (5, 1), ()]
    rows = want(blueprint, "per_sample", (0, 1), 5)
    assert [v.spec.shape for v in rows.outputs] == [(5,), (5, 1)]
    assert [v.spec.shape for v in rows.gradients] == [(5, 4), (5, 4)]


def test_what_cannot_be_differentiated_is_told() -> None:
    draft = Draft()
    x = draft.input("x", 4)
    draft.output(draft.node("sin", x))
    vector = Blueprint.from_bytes(draft.raw())
    with pytest.raises(GradientError, match="one floating point number"):
        want(vector, "value_and_grad", (0,), 0)
    with pytest.raises(ArgumentError, match="batch axis"):
        want(vector, "per_sample", (0,), 0)
    counted = Draft()
    counted.output(counted.node("isnan", counted.input("x", 4), needs=()))
    with pytest.raises(GradientError, match="no output"):
        want(Blueprint.from_bytes(counted.raw()), "vjp", (0,), 0)


def test_passes_within_passes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telegrad_engine.modes.MAX_BACKWARD_NODES", 3)
    draft = Draft()
    x = draft.input("x", 4)
    made = 0
    for _round in range(4):
        total = draft.node("sum", draft.node("mul", x, x, needs=(0, 1)), attrs=((0,), False))
        made = draft._id()
        count = len(draft.message.nodes)
        draft.message.backwards.add(
            after=count, roots=[total], cotangents=[0], wrt=[x], gradients=[made], create_graph=True
        )
    draft.output(made)
    blueprint = Blueprint.from_bytes(draft.raw())
    with pytest.raises(LimitError, match="backward passes"):
        blueprint.build(0, Differentiator())
