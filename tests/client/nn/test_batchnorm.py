"""Normalisation of channels, and running statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import agree, numbers

nn = tg.nn

SHAPES = {1: (4, 3, 5), 2: (4, 3, 2, 3), 3: (2, 3, 2, 3, 2)}


@pytest.mark.torch
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"affine": False, "momentum": 0.3},
        {"affine": True, "track_running_stats": True},
        {"track_running_stats": False, "eps": 1e-2},
        {"affine": True, "bias": False},
    ],
)
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("spatial", SHAPES)
@pytest.mark.parametrize("kind", ["BatchNorm", "InstanceNorm"])
def test_layers_are_those_of_torch(kind: str, spatial: int, train: bool, settings: dict[str, Any]) -> None:
    agree(
        lambda nn: getattr(nn, f"{kind}{spatial}d")(3, **settings),
        numbers(*SHAPES[spatial]),
        train=train,
        steps=2,
    )


@pytest.mark.torch
def test_rows_of_features_and_cumulative_means_are_those_of_torch() -> None:
    agree(lambda nn: nn.BatchNorm1d(3), numbers(6, 3), steps=2)
    agree(lambda nn: nn.BatchNorm2d(3, momentum=None), numbers(4, 3, 2, 2), steps=3)
    agree(lambda nn: nn.InstanceNorm1d(3, affine=True), numbers(3, 5))


def test_running_statistics_follow_the_batches() -> None:
    layer = nn.BatchNorm1d(1, momentum=0.5)
    layer(tg.tensor([[1.0], [3.0]]))
    assert layer.running_mean.tolist() == [1.0]
    assert layer.running_var.tolist() == [1.5]
    assert layer.num_batches_tracked.item() == 1
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0.0]
    assert layer.num_batches_tracked.item() == 0


def test_a_training_step_looks_at_nothing(messages: Callable[[], int]) -> None:
    layer = nn.BatchNorm1d(2, momentum=None)
    messages()
    for _ in range(3):
        layer(tg.ones(4, 2) + tg.randn(4, 2)).sum().backward()
    assert layer.num_batches_tracked.item() == 3
    assert messages() <= 4  # a backward pass is sent, and the number is fetched


def test_old_state_dicts_do_not_count_batches() -> None:
    layer = nn.BatchNorm1d(2)
    state = {k: v for k, v in layer.state_dict().items() if k != "num_batches_tracked"}
    assert not any(layer.load_state_dict(state))


def test_inputs_need_the_right_shape() -> None:
    with pytest.raises(ValueError, match="expected 4D input "):
        nn.BatchNorm2d(3)(tg.zeros(2, 3))
    with pytest.raises(ValueError, match="expected 2D or 3D input "):
        nn.BatchNorm1d(3)(tg.zeros(2, 3, 1, 1))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        nn.BatchNorm1d(3)(tg.zeros(1, 3))
    with pytest.raises(ValueError, match="but got: 2"):
        nn.InstanceNorm1d(3, affine=True)(tg.zeros(1, 2, 4))
    with pytest.warns(UserWarning, match="does not match num_features"):
        nn.InstanceNorm1d(3)(tg.tensor(np.ones((1, 2, 4))))


@pytest.mark.torch
@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("shape", [(4, 3), *SHAPES.values()])
def test_the_synchronised_norm_is_that_of_torch(shape: tuple[int, ...], momentum: float | None) -> None:
    agree(lambda nn: nn.SyncBatchNorm(3, momentum=momentum), numbers(*shape), train=True, steps=2)
    agree(lambda nn: nn.SyncBatchNorm(3, track_running_stats=False), numbers(*shape), train=False)


@pytest.mark.torch
def test_norms_are_converted_as_by_torch() -> None:
    def make(nn: Any) -> Any:
        norms = nn.BatchNorm1d(3, eps=1e-2), nn.Sequential(nn.BatchNorm1d(3, affine=False), nn.ReLU())
        return nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Linear(3, 3), *norms))

    agree(make, numbers(5, 3), train=True, steps=2)


def test_a_converted_norm_keeps_what_it_has() -> None:
    norm = nn.BatchNorm2d(3).eval()
    made = nn.SyncBatchNorm.convert_sync_batchnorm(norm, process_group="all")
    assert isinstance(made, nn.SyncBatchNorm)
    assert made.weight is norm.weight
    assert made.running_mean is norm.running_mean
    assert made.process_group == "all"
    assert not made.training
    plain = nn.Linear(1, 1)
    assert nn.SyncBatchNorm.convert_sync_batchnorm(plain) is plain


def test_what_the_synchronised_norm_refuses() -> None:
    norm = nn.SyncBatchNorm(3)
    with pytest.raises(ValueError, match="at least 2D"):
        norm(tg.ones(3))
    with pytest.raises(ValueError, match="should be non-zero"):
        norm(tg.ones(2, 0))
