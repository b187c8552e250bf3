"""From all real numbers into the region of a constraint."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.distributions.constraint_registry import ConstraintRegistry

C = tg.distributions.constraints


@pytest.mark.parametrize(
    "constraint",
    [
        C.real,
        C.positive,
        C.nonnegative,
        C.greater_than(2.0),
        C.less_than(-1.0),
        C.unit_interval,
        C.interval(-2.0, 3.0),
        C.half_open_interval(0.0, 2.0),
        C.simplex,
        C.real_vector,
        C.independent(C.positive, 1),
        C.corr_cholesky,
    ],
)
def test_bijections(constraint: C.Constraint) -> None:
    x = tg.tensor([0.3, -1.2, 2.0], dtype=tg.float64)
    for registry in (tg.distributions.biject_to, tg.distributions.transform_to):
        t = registry(constraint)
        y = t(x)
        assert constraint.check(y).all()
    t = tg.distributions.biject_to(constraint)
    assert t.bijective or constraint is C.real
    assert t.inv(t(x)).tolist() == pytest.approx(x.tolist(), rel=1e-9)


def test_matrices_and_parts() -> None:
    x = tg.tensor([[0.3, -1.2], [2.0, 0.1]], dtype=tg.float64)
    for constraint in (C.lower_cholesky, C.positive_definite, C.positive_semidefinite):
        assert constraint.check(tg.distributions.transform_to(constraint)(x)).all()
    for joined in (C.cat([C.positive, C.unit_interval], 0, [1, 1]), C.stack([C.positive, C.unit_interval])):
        assert joined.check(tg.distributions.biject_to(joined)(x[0])).all()


def test_registering() -> None:
    registry = ConstraintRegistry()
    with pytest.raises(NotImplementedError, match="Cannot transform _Boolean constraints"):
        registry(C.boolean)

    def factory(constraint: object) -> tg.distributions.Transform:
        return tg.distributions.SigmoidTransform()

    registry.register(C.boolean)(factory)
    assert registry(C.boolean) == tg.distributions.SigmoidTransform()
    with pytest.raises(ValueError, match="Expected constraint to be"):
        registry.register(3, factory)
