"""What all distributions share: when arguments are looked at, what is refused, what is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

import telegrad as tg
from telegrad.distributions.distribution import NotDefinedError


def test_what_is_known_here_is_looked_at_at_once(messages: Callable[[], int]) -> None:
    words = r"Expected parameter scale \(Tensor of shape \(2,\)\) of distribution Normal\(loc: torch.Size"
    with pytest.raises(ValueError, match=words):
        tg.distributions.Normal(
            tg.zeros(2).numpy().sum() * 0.0 + tg.tensor([0.0, 1.0]), tg.tensor([1.0, -1.0])
        )
    with pytest.raises(
        ValueError, match=r"scale: -1.0\) to satisfy the constraint GreaterThan\(lower_bound=0.0\)"
    ):
        tg.distributions.Normal(0.0, -1.0)
    with pytest.raises(ValueError, match=r"within the support \(GreaterThanEq"):
        tg.distributions.Exponential(1.0).log_prob(tg.tensor(-1.0))
    messages()
    tg.distributions.Normal(0.0, 1.0).log_prob(tg.tensor(0.5))
    assert messages() == 0


def test_what_is_not_is_looked_at_when_computed(messages: Callable[[], int]) -> None:
    scale = tg.tensor([1.0, 2.0]).log()  # 0 is no scale
    law = tg.distributions.Normal(0.0, scale)
    drawn = law.rsample()
    assert messages() == 0
    with pytest.raises(ValueError, match=r"Expected parameter scale .* GreaterThan\(lower_bound=0.0\)"):
        drawn.tolist()
    good = tg.distributions.Normal(0.0, scale + 1)
    messages()
    loss = good.log_prob(scale).sum()
    loss.item()
    assert messages() == 1
    with pytest.raises(ValueError, match="within the support"):
        tg.distributions.Exponential(1.0).log_prob(scale - 1).tolist()


def test_looking_can_be_left_out() -> None:
    d = tg.distributions
    assert d.Normal(0.0, -1.0, validate_args=False).scale.item() == -1.0
    try:
        d.Distribution.set_default_validate_args(False)
        d.Exponential(-1.0)
    finally:
        d.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="validate_args"):
        d.Distribution.set_default_validate_args(3)


def test_values_have_to_fit() -> None:
    law = tg.distributions.Normal(tg.zeros(3), 1.0)
    with pytest.raises(ValueError, match=r"not broadcastable with batch_shape\+event_shape"):
        law.log_prob(tg.zeros(2))
    with pytest.raises(ValueError, match="must be a Tensor"):
        law.log_prob(0.5)
    shares = tg.distributions.Dirichlet(tg.ones(3))
    with pytest.raises(ValueError, match="right-most size of value must match event_shape"):
        shares.log_prob(tg.ones(2) / 2)


def test_what_is_not_defined() -> None:
    law = tg.distributions.Gamma(1.0, 1.0)
    with pytest.raises(NotImplementedError, match="Gamma: has no icdf"):
        law.icdf(tg.tensor(0.5))
    bare = tg.distributions.Distribution((2,))
    for ask in (
        lambda: bare.mean,
        lambda: bare.mode,
        lambda: bare.variance,
        lambda: bare.cdf(tg.zeros(2)),
        bare.entropy,
        bare.sample,
        bare.enumerate_support,
        lambda: bare.log_prob(tg.zeros(2)),
    ):
        with pytest.raises(NotDefinedError):
            ask()


def test_an_own_distribution() -> None:
    class Shifted(tg.distributions.Distribution):
        arg_constraints: ClassVar = {"shift": tg.distributions.constraints.positive}
        support = tg.distributions.constraints.real

        def __init__(self, shift: tg.Tensor, validate_args: bool | None = None) -> None:
            self.shift = shift
            super().__init__(shift.shape, validate_args=validate_args)

        def rsample(self, sample_shape: tuple[int, ...] = ()) -> tg.Tensor:
            return self.shift.expand(self._extended_shape(sample_shape))

    assert Shifted(tg.ones(2)).sample((3,)).shape == (3, 2)
    assert repr(Shifted(tg.ones(2))) == "Shifted(shift: torch.Size([2]))"
    with pytest.raises(ValueError, match="Expected parameter shift"):
        Shifted(tg.tensor(-1.0))


def test_a_training_step_with_a_distribution_is_one_message(messages: Callable[[], int]) -> None:
    mean = tg.zeros(3, requires_grad=True)
    spread = tg.zeros(3, requires_grad=True)
    optimizer = tg.optim.Adam([mean, spread], lr=0.1)
    log = tg.current_session().log
    for step in range(6):
        optimizer.zero_grad()
        law = tg.distributions.Normal(mean, spread.exp())
        prior = tg.distributions.Normal(tg.ones(3), 2.0)
        loss = tg.distributions.kl_divergence(law, prior).sum() - prior.log_prob(law.rsample()).sum()
        messages()
        loss.backward()
        optimizer.step()
        loss.item()
        assert messages() == 1
        if step > 2:
            assert log.messages[-1].plan_cached


def test_under_vmap() -> None:
    d = tg.distributions
    means = tg.tensor([0.0, 1.0, 2.0])
    mapped = tg.vmap(lambda m: d.Normal(m, 1.0).log_prob(m + 1))(means)
    assert mapped.tolist() == d.Normal(means, 1.0).log_prob(means + 1).tolist()
    drawn = tg.vmap(lambda a: d.Gamma(a + 1, 1.0).rsample((2,)), randomness="different")(means)
    assert len(set(drawn.reshape(-1).tolist())) == 6
    tg.manual_seed(1)
    same = tg.vmap(lambda a: d.Poisson(a * 0 + 5.0).sample((3,)), randomness="same")(means)
    assert same[0].tolist() == same[1].tolist() == same[2].tolist()
    with pytest.raises(ValueError, match="Expected parameter scale"):
        tg.vmap(lambda s: d.Normal(0.0, s).log_prob(s))(means).tolist()


def test_derivatives_of_derivatives() -> None:
    a = tg.tensor(1.5, dtype=tg.float64)
    for make in (
        lambda x: tg.distributions.Gamma(x, 1.0),
        tg.distributions.StudentT,
        lambda x: tg.distributions.Beta(x, 2.0),
    ):

        def log_prob(x: tg.Tensor, make: Callable[[tg.Tensor], Any] = make) -> Any:
            return make(x).log_prob(tg.tensor(0.4, dtype=tg.float64))

        assert tg.autograd.gradgradcheck(log_prob, a.clone().requires_grad_())


def test_so_many_draws() -> None:
    with pytest.warns(FutureWarning, match="will be deprecated"):
        assert tg.distributions.Normal(tg.zeros(2), 1.0).sample_n(3).shape == (3, 2)
