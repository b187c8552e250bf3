"""Max pools whose windows begin at random places."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers

F = tg.nn.functional
SAMPLES = np.random.default_rng(5).random((2, 3, 3))


@pytest.mark.torch
@pytest.mark.parametrize(
    "output", [{"output_size": (4, 5)}, {"output_ratio": (0.5, 0.6)}, {"output_size": 1}]
)
def test_two_dimensions_are_as_in_torch(output: dict[str, object]) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        x = module.tensor(numbers(2, 3, 9, 11)).requires_grad_()
        values, places = module.nn.functional.fractional_max_pool2d(
            x, (2, 3), **output, return_indices=True, _random_samples=module.tensor(SAMPLES[..., :2])
        )
        (values**2).sum().backward()
        found.append((values.detach().numpy(), places.numpy(), x.grad.numpy()))
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.torch
def test_three_dimensions_are_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        x = module.tensor(numbers(2, 3, 7, 9, 8))
        values, places = module.nn.functional.fractional_max_pool3d_with_indices(
            x, 2, output_size=(3, 4, 5), _random_samples=module.tensor(SAMPLES)
        )
        found.append((values.numpy(), places.numpy()))
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_windows_begin_in_almost_even_steps() -> None:
    x = tg.arange(25.0).reshape(1, 1, 5, 5)
    samples = tg.tensor([[[0.9, 0.2]]])
    values, places = F.fractional_max_pool2d(
        x, 2, output_size=3, return_indices=True, _random_samples=samples
    )
    # Columns: int((i + 0.9) 1.5) - int(0.9 1.5) = 0, 1, then the end, 3; rows with 0.2: 0, 1, 3.
    expected = [[6.0, 7.0, 9.0], [11.0, 12.0, 14.0], [21.0, 22.0, 24.0]]
    assert values.tolist() == [[expected]]
    assert places.tolist() == [[expected]]


def test_without_samples_they_are_drawn() -> None:
    tg.manual_seed(3)
    x = tg.tensor(numbers(8, 30, 30))
    first, second = (F.fractional_max_pool2d(x, 2, output_ratio=0.6) for _ in range(2))
    assert first.shape == (8, 18, 18)
    assert first.tolist() != second.tolist()


def test_what_does_not_fit_is_refused() -> None:
    x = tg.ones(1, 1, 4, 4)
    with pytest.raises(ValueError, match="either an output_size or an output_ratio"):
        F.fractional_max_pool2d(x, 2)
    with pytest.raises(RuntimeError, match="pool size 3 too large relative to input size 4"):
        F.fractional_max_pool2d(x, 3, output_size=3)
    with pytest.raises(ValueError, match="output_ratio to either be a single Int or tuple"):
        F.fractional_max_pool2d(x, 2, output_ratio=(0.5, 0.5, 0.5))
    with pytest.raises(RuntimeError, match="_random_samples to be of shape"):
        F.fractional_max_pool2d(x, 2, output_size=2, _random_samples=tg.ones(1, 1, 3))
