"""What the exponential families have in common: entropy and divergence by the normaliser alone."""

from __future__ import annotations

from telegrad.autograd.mode import enable_grad
from telegrad.autograd.passes import grad
from telegrad.distributions.distribution import Distribution, NotDefinedError
from telegrad.distributions.parameters import total_last
from telegrad.tensor import Tensor


class ExponentialFamily(Distribution):
    """Base of distributions with density exp(<t(x), theta> - F(theta) + k(x)).

    A subclass gives theta as `_natural_params`, F as `_log_normalizer`, and the mean of k as
    `_mean_carrier_measure`, by torch's names.
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        self._has_no("natural parameters")

    @property
    def _mean_carrier_measure(self) -> float:
        self._has_no("mean carrier measure")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        self._has_no("normaliser")

    def entropy(self) -> Tensor:
        """The entropy, by the slope of the normaliser.

        Source: Nielsen, Nock: Entropies and cross-entropies of exponential families (2010).
        """
        carrier = self._mean_carrier_measure
        params, norm, slopes = _normalised(self)
        result = norm - carrier
        for param, slope in zip(params, slopes, strict=True):
            product = param * slope
            result = result - total_last(product, product.ndim - len(self._batch_shape))
        return result


def divergence(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    """The Kullback-Leibler divergence of two members of one family: the Bregman divergence of the normaliser.

    Raises:
        NotDefinedError: two families.
    """
    if type(p) is not type(q):
        raise NotDefinedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman "
            "divergences"
        )
    params, norm, slopes = _normalised(p)
    others = q._natural_params
    result = q._log_normalizer(*others) - norm
    for param, other, slope in zip(params, others, slopes, strict=True):
        apart = (other - param) * slope
        result = result - total_last(apart, apart.ndim - len(p._batch_shape))
    return result


def _normalised(law: ExponentialFamily) -> tuple[list[Tensor], Tensor, tuple[Tensor, ...]]:
    """The natural parameters, the normaliser, and its slopes, which gradients flow through."""
    with enable_grad():
        params = [x if x.requires_grad else x.detach().requires_grad_() for x in law._natural_params]
        norm = law._log_normalizer(*params)
        return params, norm, grad(norm.sum(), params, create_graph=True)  # type: ignore[return-value]
