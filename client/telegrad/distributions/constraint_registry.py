"""From constraints to transforms of all real numbers into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegrad.distributions import constraints, transforms
from telegrad.distributions.distribution import NotDefinedError
from telegrad_proto.errors import ArgumentError

Factory = Callable[[Any], transforms.Transform]


class ConstraintRegistry:
    """Which transform reaches the region of a constraint."""

    def __init__(self) -> None:
        self._factories: dict[type, Factory] = {}

    def register(self, constraint: Any, factory: Factory | None = None) -> Any:
        """Notes a function that makes the transform of a constraint, or of every one of a class.

        Raises:
            ArgumentError: not a constraint.
        """
        if factory is None:
            return lambda made: self.register(constraint, made)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, constraints.Constraint):
            raise ArgumentError(
                f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}"
            )
        self._factories[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> transforms.Transform:
        """The transform that reaches the region.

        Raises:
            NotDefinedError: none is known.
        """
        factory = self._factories.get(type(constraint))
        if factory is None:
            raise NotDefinedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _both(*kinds: Any) -> Callable[[Factory], Factory]:
    def register(factory: Factory) -> Factory:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory

    return register


@_both(constraints.real)
def _of_real(constraint: Any) -> transforms.Transform:
    return transforms.identity_transform


def _independent(registry: ConstraintRegistry) -> Factory:
    def factory(constraint: Any) -> transforms.Transform:
        base = registry(constraint.base_constraint)
        return transforms.IndependentTransform(base, constraint.reinterpreted_batch_ndims)

    return factory


biject_to.register(constraints.independent, _independent(biject_to))
transform_to.register(constraints.independent, _independent(transform_to))


@_both(constraints.greater_than, constraints.greater_than_eq)
def _of_greater(constraint: Any) -> transforms.Transform:
    bound = constraint.lower_bound
    parts: list[transforms.Transform] = [transforms.ExpTransform()]
    if not (isinstance(bound, (int, float)) and bound == 0):
        parts.append(transforms.AffineTransform(bound, 1))
    return parts[0] if len(parts) == 1 else transforms.ComposeTransform(parts)


@_both(constraints.less_than)
def _of_less(constraint: Any) -> transforms.Transform:
    return transforms.ComposeTransform(
        [transforms.ExpTransform(), transforms.AffineTransform(constraint.upper_bound, -1)]
    )


@_both(constraints.interval, constraints.half_open_interval)
def _of_interval(constraint: Any) -> transforms.Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform(
        [transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)]
    )


biject_to.register(constraints.simplex, lambda constraint: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda constraint: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda constraint: transforms.LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda c: transforms.PositiveDefiniteTransform())
transform_to.register(constraints.positive_semidefinite, lambda c: transforms.PositiveDefiniteTransform())


@_both(constraints.corr_cholesky)
def _of_corr_cholesky(constraint: Any) -> transforms.Transform:
    return transforms.CorrCholeskyTransform()


def _joined(registry: ConstraintRegistry, *, stacked: bool) -> Factory:
    def factory(constraint: Any) -> transforms.Transform:
        parts = [registry(part) for part in constraint.cseq]
        if stacked:
            return transforms.StackTransform(parts, constraint.dim)
        return transforms.CatTransform(parts, constraint.dim, constraint.lengths)

    return factory


for _registry in (biject_to, transform_to):
    _registry.register(constraints.cat, _joined(_registry, stacked=False))
    _registry.register(constraints.stack, _joined(_registry, stacked=True))
