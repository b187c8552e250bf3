"""Images in another size."""

from __future__ import annotations

import numpy as np
import pytest

import telegrad as tg
from tests.client.beside_torch import Case, agree, fail_alike
from tests.client.functions.comparing import close

F = tg.nn.functional
LINE = np.array([[[0.0, 1.0, 4.0]]])


def test_the_nearest_and_the_line_between() -> None:
    x = tg.tensor(LINE)
    close(F.interpolate(x, scale_factor=2), [[[0, 0, 1, 1, 4, 4]]])
    close(F.interpolate(x, 5, mode="linear", align_corners=True), [[[0, 0.5, 1, 2.5, 4]]])
    close(F.interpolate(tg.tensor([[[0.0, 2.0, 4.0, 8.0]]]), 2, mode="area"), [[[1, 6]]])


def resized(mode: str, *shape: int, **options: object) -> Case:
    return lambda t: t.F.interpolate(t.leaf(1, 2, *shape), mode=mode, **options)


TORCH: dict[str, Case] = {
    "nearest": resized("nearest", 5, size=8),
    "nearest down": resized("nearest", 7, 5, size=(3, 4)),
    "nearest factor": resized("nearest", 3, 4, 2, scale_factor=1.7),
    "nearest-exact": resized("nearest-exact", 7, 5, size=(3, 9)),
    "linear": resized("linear", 5, size=8),
    "linear factor": resized("linear", 5, scale_factor=0.7),
    "linear recomputed": resized("linear", 5, scale_factor=1.3, recompute_scale_factor=True),
    "bilinear": resized("bilinear", 4, 5, size=(7, 3)),
    "bilinear corners": resized("bilinear", 4, 5, size=(7, 1), align_corners=True),
    "bilinear smooth": resized("bilinear", 9, 8, size=(4, 3), antialias=True),
    "bicubic": resized("bicubic", 4, 5, size=(7, 3)),
    "bicubic corners": resized("bicubic", 4, 5, size=(7, 3), align_corners=True),
    "bicubic smooth": resized("bicubic", 9, 8, size=(4, 12), antialias=True),
    "trilinear": resized("trilinear", 2, 3, 4, scale_factor=(2.0, 1.0, 1.5)),
    "area": resized("area", 5, 6, size=(2, 3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH.keys())
def test_it_is_torchs(case: Case) -> None:
    agree(case)


WRONG: dict[str, Case] = {
    "neither": resized("nearest", 3),
    "both": resized("nearest", 3, size=3, scale_factor=2.0),
    "corners": resized("nearest", 3, size=3, align_corners=True),
}


@pytest.mark.torch
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_errors_are_torchs(case: Case) -> None:
    fail_alike(case)


def test_the_old_name_warns() -> None:
    with pytest.warns(UserWarning, match="upsample` is deprecated"):
        close(F.upsample(tg.tensor(LINE), 6), [[[0, 0, 1, 1, 4, 4]]])


@pytest.mark.torch
@pytest.mark.parametrize(
    ("ndim", "mode"), [(4, "linear"), (5, "bilinear"), (3, "bicubic"), (6, "area"), (4, "zz")]
)
def test_a_mode_for_other_dimensions_is_not_implemented(ndim: int, mode: str) -> None:
    torch = pytest.importorskip("torch")
    shape = (2,) * ndim
    with pytest.raises(NotImplementedError) as theirs:
        torch.nn.functional.interpolate(torch.ones(shape), scale_factor=2, mode=mode)
    with pytest.raises(NotImplementedError) as mine:
        F.interpolate(tg.ones(shape), scale_factor=2, mode=mode)
    assert str(mine.value) == str(theirs.value).replace("lanczos | ", "")


def test_images_of_bytes_are_rounded_and_stay_in_their_range() -> None:
    image = tg.tensor([[[[10, 200], [30, 90]]]], dtype=tg.uint8)
    found = F.interpolate(image, (3, 3), mode="bilinear")
    assert found.dtype is tg.uint8
    assert found[0, 0].tolist() == [[10, 105, 200], [20, 83, 145], [30, 60, 90]]
    edge = tg.tensor([[[[0, 255, 0, 255]] * 4]], dtype=tg.uint8)
    sharp = F.interpolate(edge, (4, 7), mode="bicubic")
    assert (int(sharp.min().item()), int(sharp.max().item())) == (0, 255)
    for dtype in (tg.int64, tg.bool):
        with pytest.raises(NotImplementedError, match="mode bilinear is not implemented for"):
            F.interpolate(image.to(dtype), (3, 3), mode="bilinear")


@pytest.mark.torch
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_images_of_bytes_are_torchs_but_for_one_level(mode: str, antialias: bool) -> None:
    torch = pytest.importorskip("torch")
    image = np.random.default_rng(5).integers(0, 256, (2, 3, 8, 6)).astype(np.uint8)
    # PyTorch's weights have sixteen bits.
    mine, theirs = (
        m.nn.functional.interpolate(m.tensor(image), (5, 9), mode=mode, antialias=antialias).numpy()
        for m in (tg, torch)
    )
    assert np.abs(mine.astype(int) - theirs.astype(int)).max() <= 1
