"""The von Mises distribution of angles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from telegrad.autograd.mode import no_grad
from telegrad.distributions import constraints
from telegrad.distributions.distribution import Centred
from telegrad.distributions.parameters import lazy_property
from telegrad.functions.sampling import standard_von_mises
from telegrad.special import i0e, i1e
from telegrad.tensor import Tensor

_TAU = 2 * math.pi


class VonMises(Centred):
    """The von Mises distribution: the normal one, on a circle.

    Draws lie in [-pi, pi); values may be any angles. Bessel functions are as exact as the element type; torch
    has them by polynomials, to seven digits.

    Args:
        loc: the angle around which draws lie.
        concentration: how near to it.
        validate_args: look at the arguments.
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    _dims = {"loc": 0, "concentration": 0}
    concentration: Tensor

    def __init__(self, loc: Tensor, concentration: Tensor, validate_args: bool | None = None) -> None:
        self._adopt(validate_args, loc=loc, concentration=concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance: 1 less the mean resultant's length."""
        return 1 - i1e(self.concentration) / i0e(self.concentration)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with no_grad():
            drawn = standard_von_mises(self.concentration.expand(self._extended_shape(sample_shape)))
            return (drawn + self.loc + math.pi) % _TAU - math.pi

    def log_prob(self, value: Tensor) -> Tensor:
        # The scaled function leaves out e to the power of the concentration: so does the cosine, less 1.
        height = self.concentration * ((self._valid(value) - self.loc).cos() - 1)
        return height - math.log(_TAU) - i0e(self.concentration).log()
