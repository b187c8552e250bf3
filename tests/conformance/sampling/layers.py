"""Arguments of layers that PyTorch's table of samples lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.conformance.sampling.shapes import Draw, common_dtypes, shapes, tensor

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Source = Callable[[Draw], Arguments]


def affine_grid(draw: Draw) -> Arguments:
    """Matrices, and the size of the grid."""
    two = draw(st.booleans())
    batch = draw(st.sampled_from((1, 2)))
    theta = tensor(
        draw, (batch, 2, 3) if two else (batch, 3, 4), draw(st.sampled_from(("float32", "float64"))), "plain"
    )
    size = (batch, 3, *(draw(st.sampled_from((1, 2, 3))) for _ in range(2 if two else 3)))
    return (theta, size), {"align_corners": draw(st.booleans())}


def channels(rank: int) -> Source:
    """A batch of images of so many dimensions."""

    def source(draw: Draw) -> Arguments:
        shape = (
            draw(st.sampled_from((1, 2))),
            draw(st.sampled_from((2, 4))),
            *(draw(st.sampled_from((3, 4, 5))) for _ in range(rank)),
        )
        return (tensor(draw, shape, draw(st.sampled_from(("float32", "float64", "int64", "float16")))),), {}

    return source


def lp_pool(rank: int) -> Source:
    """Images, an order and windows."""

    def source(draw: Draw) -> Arguments:
        (x,), _ = channels(rank)(draw)
        kwargs = {"ceil_mode": draw(st.booleans())} if draw(st.booleans()) else {}
        return (x, draw(st.sampled_from((1, 2, 2.0, 3))), draw(st.sampled_from((1, 2, 3)))), kwargs

    return source


def max_pool(rank: int) -> Source:
    """Images and windows."""

    def source(draw: Draw) -> Arguments:
        (x,), _ = channels(rank)(draw)
        kwargs: dict[str, Any] = {}
        if draw(st.booleans()):
            kwargs["stride"] = draw(st.sampled_from((1, 2)))
        if draw(st.booleans()):
            kwargs["padding"] = draw(st.sampled_from((0, 1)))
        return (x, draw(st.sampled_from((1, 2, 3)))), kwargs

    return source


def shuffle(draw: Draw) -> Arguments:
    """Images and a number of groups."""
    (x,), _ = channels(2)(draw)
    return (x, draw(st.sampled_from((1, 2, 3)))), {}


def fold(draw: Draw) -> Arguments:
    """Windows, and the size of what they make."""
    kernel, height, width = (draw(st.sampled_from((1, 2))) for _ in range(3))
    height, width = height + 2, width + 2
    places = (height - kernel + 1) * (width - kernel + 1)
    shape = (draw(st.sampled_from((1, 2))), 2 * kernel * kernel, places)
    return (tensor(draw, shape, draw(common_dtypes)), (height, width), kernel), {}


def upsample(draw: Draw) -> Arguments:
    """Images and a new size."""
    (x,), _ = channels(2)(draw)
    if draw(st.booleans()):
        return (x,), {"scale_factor": draw(st.sampled_from((2, 1.5))), "mode": "nearest"}
    return (x, (4, draw(st.sampled_from((3, 6))))), {"mode": "bilinear", "align_corners": draw(st.booleans())}


def probabilities(draw: Draw) -> Arguments:
    """Numbers to drop."""
    x = tensor(draw, draw(shapes), draw(st.sampled_from(("float32", "float64"))), "plain")
    return (x, 0.5), {}


def gumbel(draw: Draw) -> Arguments:
    """Numbers of categories."""
    x = tensor(draw, (2, 3), draw(st.sampled_from(("float32", "float64"))), "plain")
    return (x,), {"tau": draw(st.sampled_from((1, 0.5))), "hard": draw(st.booleans())}
