"""Images read at any places."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
DRAW = np.random.default_rng(25)
IMAGE = DRAW.standard_normal((4, 5))
# Beyond the edges too, and no place where a derivative jumps.
PLACES = DRAW.uniform(-1.4, 1.4, (1, 3, 4, 2))


@pytest.mark.parametrize(("mode", "order"), [("nearest", 0), ("bilinear", 1)])
def test_values_are_scipys(mode: str, order: int) -> None:
    x, y = (PLACES[0, ..., 0] + 1) * 2, (PLACES[0, ..., 1] + 1) * 1.5
    inside = (x >= 0) & (x <= 4) & (y >= 0) & (y <= 3)
    found = F.grid_sample(tg.tensor(IMAGE[None, None]), tg.tensor(PLACES), mode, align_corners=True)
    expected = ndimage.map_coordinates(IMAGE, [y, x], order=order)
    close(found[0, 0][tg.tensor(inside)], expected[inside])


def sampled(mode: str, padding: str, corners: bool) -> Case:
    return lambda t: t.F.grid_sample(
        t.leaf(1, 2, 4, 5), t.leaf(of=PLACES), mode=mode, padding_mode=padding, align_corners=corners
    )


TORCH = {
    f"{mode} {padding} {corners}": sampled(mode, padding, corners)
    for mode, padding, corners in itertools.product(
        ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (True, False)
    )
}
TORCH["volumes"] = lambda t: t.F.grid_sample(
    t.leaf(1, 2, 3, 4, 5), t.leaf(of=PLACES.reshape(1, 2, 2, 2, 3)), align_corners=True
)
TORCH["affine"] = lambda t: t.F.affine_grid(t.leaf(2, 2, 3), (2, 1, 4, 5), align_corners=True)
TORCH["affine volumes"] = lambda t: t.F.affine_grid(t.leaf(2, 3, 4), (2, 1, 2, 1, 3), align_corners=False)


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(
        case,
        second=False,
        names=not next(k for k, v in TORCH.items() if v is case).startswith(("affine", "bic")),
    )


def test_corners_left_open_warn() -> None:
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
        F.grid_sample(tg.tensor(IMAGE[None, None]), tg.tensor(PLACES))


WRONG: dict[str, Case] = {
    "mode": lambda t: t.F.grid_sample(t.leaf(1, 1, 2, 2), t.leaf(1, 2, 2, 2), mode="far", align_corners=True),
    "batches": lambda t: t.F.grid_sample(t.leaf(1, 1, 2, 2), t.leaf(2, 2, 2, 2), align_corners=True),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)
