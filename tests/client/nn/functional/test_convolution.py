"""Convolutions, their transposes, and windows as columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
DRAW = np.random.default_rng(19)
IMAGE, KERNEL = DRAW.standard_normal((6, 7)), DRAW.standard_normal((3, 2))


def test_values_are_scipys() -> None:
    x, w = tg.tensor(IMAGE[None, None]), tg.tensor(KERNEL[None, None])
    close(F.conv2d(x, w)[0, 0], signal.correlate2d(IMAGE, KERNEL, mode="valid"))
    close(F.conv_transpose2d(x, w)[0, 0], signal.convolve2d(IMAGE, KERNEL))
    line, taps = IMAGE[0], KERNEL[:, 0]
    close(F.conv1d(tg.tensor(line[None]), tg.tensor(taps[None, None]))[0], np.correlate(line, taps, "valid"))


def test_folding_what_was_unfolded_counts_the_windows() -> None:
    x = tg.tensor(IMAGE[None, None])
    columns = F.unfold(x, (3, 2))
    assert columns.shape == (1, 6, 4 * 6)
    counts = signal.convolve2d(np.ones((4, 6)), np.ones((3, 2)))
    close(F.fold(columns, (6, 7), (3, 2))[0, 0], IMAGE * counts)


TORCH: dict[str, Case] = {
    "1": lambda t: t.F.conv1d(t.leaf(2, 4, 9), t.leaf(6, 2, 3), t.leaf(6), 2, 1, 2, 2),
    "1 single": lambda t: t.F.conv1d(t.leaf(3, 5), t.leaf(2, 3, 2)),
    "2": lambda t: t.F.conv2d(t.leaf(2, 3, 5, 6), t.leaf(4, 3, 3, 2), t.leaf(4), padding=(1, 0)),
    "2 same": lambda t: t.F.conv2d(t.leaf(1, 2, 5, 6), t.leaf(3, 2, 4, 3), padding="same", dilation=(1, 2)),
    "2 depthwise": lambda t: t.m.conv2d(t.leaf(1, 3, 4, 4), t.leaf(6, 1, 2, 2), groups=3),
    "3": lambda t: t.F.conv3d(t.leaf(1, 2, 4, 4, 4), t.leaf(2, 2, 2, 3, 2), stride=(1, 2, 1)),
    "transpose 1": lambda t: t.F.conv_transpose1d(t.leaf(2, 4, 5), t.leaf(4, 3, 3), t.leaf(6), 2, 1, 1, 2),
    "transpose 2": lambda t: t.F.conv_transpose2d(
        t.leaf(1, 2, 3, 4), t.leaf(2, 3, 3, 2), stride=2, dilation=2
    ),
    "transpose 3": lambda t: t.F.conv_transpose3d(t.leaf(1, 2, 2, 3, 2), t.leaf(2, 1, 2, 2, 2), padding=1),
    "unfold": lambda t: t.F.unfold(t.leaf(2, 3, 5, 6), (2, 3), 2, 1, 2),
    "fold": lambda t: t.F.fold(t.leaf(2, 12, 20), (5, 6), 2),
}


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch's, of its own memory
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "channels": lambda t: t.F.conv2d(t.leaf(1, 2, 3, 3), t.leaf(4, 3, 2, 2)),
    "kernel": lambda t: t.F.conv1d(t.leaf(1, 2, 3), t.leaf(4, 2, 5)),
    "weight": lambda t: t.F.conv1d(t.leaf(1, 2, 3), t.leaf(4, 2, 5, 1)),
    "dimensions": lambda t: t.F.conv1d(t.leaf(2), t.leaf(4, 2, 2)),
    "same with stride": lambda t: t.F.conv1d(t.leaf(1, 2, 3), t.leaf(4, 2, 2), stride=2, padding="same"),
    "word": lambda t: t.F.conv1d(t.leaf(1, 2, 3), t.leaf(4, 2, 2), padding="some"),
    "types": lambda t: t.F.conv1d(t.leaf(1, 2, 3).float(), t.leaf(4, 2, 2)),
    "unfold": lambda t: t.F.unfold(t.leaf(1, 2, 3, 3), 4),
    "fold taps": lambda t: t.F.fold(t.leaf(1, 5, 4), (3, 3), 2),
    "fold places": lambda t: t.F.fold(t.leaf(1, 8, 5), (3, 3), 2),
    "unfold padding": lambda t: t.F.unfold(t.leaf(1, 1, 5, 5), 2, padding=(0, -1)),
    "fold padding": lambda t: t.F.fold(t.leaf(1, 4, 4), (5, 5), 2, padding=-1),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_of_truth_values_folding_says_where_a_true_one_is() -> None:
    columns = tg.zeros(1, 8, 4, dtype=tg.bool)
    columns[0, 0, 0] = True
    found = F.fold(columns, (3, 3), 2)
    assert found.dtype is tg.bool
    assert found.nonzero().tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("layer", [F.conv1d, F.conv_transpose1d])
def test_a_bias_has_one_element_a_channel(layer: Callable[..., tg.Tensor]) -> None:
    with pytest.raises(RuntimeError, match="bias to be 1-dimensional with 3 elements, but got bias of size"):
        layer(tg.ones(1, 3, 4), tg.ones(3, 3, 2), tg.ones(1))
