"""Every operator of PyTorch's table under `vmap`: a batch of samples gives what a loop over them gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.errors import GradientError
from telegrad.func import grad, vmap

torch = pytest.importorskip("torch")

from tests.conformance.exchange import Carrier, mapped  # noqa: E402  # needs torch
from tests.conformance.exchange import tensors as tensors_of  # noqa: E402
from tests.conformance.scoring import UP_TO_A_PHASE  # noqa: E402
from tests.conformance.selection import find, variants  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

#: Draws numbers, calls a function of PyTorch's own, or writes into its argument.
NOT_MAPPED = {
    "nn.functional.scaled_dot_product_attention",
    "nn.functional.triplet_margin_with_distance_loss",
    "zero_",
}

#: What is said, here as in torch, of running statistics that are one for all examples.
WRITES_WHAT_IS_SHARED = "an inplace operation is not possible"

#: The table is gone through in so many parts.
PARTS = 8

#: Samples of each variant that are mapped.
SAMPLES = 3


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    tg.connect("embedded", progress=False)
    yield
    tg.disconnect()


class Case:
    """A sample with its differentiable tensors taken out, to be put in again as examples of a batch."""

    def __init__(self, function: Any, sample: Any) -> None:
        self.function = function
        carrier = Carrier(tg)
        self.first, self.args, self.kwargs = carrier.arguments(sample.input, sample.args, sample.kwargs)
        self.moving = [made for given, made in carrier.pairs if given.requires_grad]
        arrays = [made.detach().numpy() for made in self.moving]
        self.batches = [tg.tensor(np.stack([a, 0.9 * a])) for a in arrays]

    def __call__(self, *tensors: Any) -> tuple[Any, ...]:
        table = {id(made): tensor for made, tensor in zip(self.moving, tensors, strict=True)}

        def change(value: Any) -> Any:
            return table.get(id(value), value)

        given = mapped(self.first, change), mapped(self.args, change), mapped(self.kwargs, change)
        results = self.function(given[0], *given[1], **given[2])
        return tuple(y for y in tensors_of(results, tg.Tensor) if y.is_floating_point() or y.is_complex())

    def total(self, *tensors: Any) -> Any:
        """A number that depends on all results which have a gradient."""
        parts = [(y.abs() if y.is_complex() else y).sum() for y in self(*tensors) if y.requires_grad]
        return sum(parts, tg.zeros((), dtype=tg.float64))

    def examples(self) -> list[list[Any]]:
        return [[batch[i] for batch in self.batches] for i in range(2)]


def compare(found: Any, wanted: list[Any], *, gauge: bool) -> None:
    whole = found.detach().numpy()
    for row, alone in zip(whole, wanted, strict=True):
        other = alone.detach().numpy()
        assert row.shape == other.shape
        if gauge:
            row, other = np.abs(row), np.abs(other)
        np.testing.assert_allclose(row, other, rtol=1e-6, atol=1e-8)


def looped(function: Any, case: Case) -> list[Any] | None:
    """The function of each example; None where one of them is no valid argument."""
    try:
        results = [function(*example) for example in case.examples()]
        for result in results:
            for y in result:
                y.detach().numpy()
    except (RuntimeError, ValueError):
        return None
    return results


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operator(part: int) -> None:
    compared, failed = 0, []
    for variant in [v for v in variants() if v.name not in NOT_MAPPED][part::PARTS]:
        function = find(tg, variant.name)
        for sample in list(variant.sample_inputs("cpu", torch.float64, requires_grad=True))[:SAMPLES]:
            case = Case(function, sample)
            if not case.moving:
                continue
            try:
                compared += check(case, gauge=variant.name in UP_TO_A_PHASE)
            except GradientError as error:
                if WRITES_WHAT_IS_SHARED not in str(error):
                    failed.append(f"{variant.formatted_name}: {type(error).__name__}: {error}")
                    break
            except Exception as error:  # noqa: BLE001  # all failures are told together
                failed.append(f"{variant.formatted_name}: {type(error).__name__}: {error}")
                break
    print(f"{compared} samples compared")
    assert failed == []
    assert compared > 100


def check(case: Case, *, gauge: bool) -> bool:
    """Compares one sample; whether there was anything to compare."""
    values = looped(case, case)
    if values is None:
        return False
    found = vmap(case, randomness="same")(*case.batches)
    for k, whole in enumerate(found):
        compare(whole, [value[k] for value in values], gauge=gauge)
    if gauge:
        return True
    slope = grad(case.total, tuple(range(len(case.batches))))
    slopes = looped(slope, case)
    if slopes is not None:
        for k, whole in enumerate(vmap(slope, randomness="same")(*case.batches)):
            compare(whole, [value[k] for value in slopes], gauge=False)
    return True
