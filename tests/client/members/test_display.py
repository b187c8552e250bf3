"""The text of tensors: fixed strings as PyTorch 2.13 prints them, and torch itself on random ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from telegrad.members import display
from telegrad_proto import dtypes
from telegrad_proto.errors import ArgumentError


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    display.set_printoptions(profile="default")


def text(values: Any, dtype: str = "", *suffixes: str) -> str:
    array = np.asarray(values, dtype=dtype or None)
    return display.render(array, dtypes.by_name[array.dtype.name], suffixes=suffixes)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (2.5, "float32", "tensor(2.5000)"),
        (3.0, "float32", "tensor(3.)"),
        (7, "int64", "tensor(7)"),
        (True, "bool", "tensor(True)"),
        ([0, 1, 2, 3], "float32", "tensor([0., 1., 2., 3.])"),
        ([-1.5, 2.25], "float32", "tensor([-1.5000,  2.2500])"),
        ([1, -20], "int64", "tensor([  1, -20])"),
        ([1, 2], "int32", "tensor([1, 2], dtype=torch.int32)"),
        ([1.0], "float64", "tensor([1.], dtype=torch.float64)"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([float("nan"), 1.0], "float32", "tensor([nan, 1.])"),
        ([float("inf"), -float("inf"), 0.5], "float32", "tensor([   inf,   -inf, 0.5000])"),
        ([1e-5, 1.0], "float32", "tensor([1.0000e-05, 1.0000e+00])"),
        ([1e9, 1.0], "float32", "tensor([1.0000e+09, 1.0000e+00])"),
        ([1 + 2j, complex(-3.5, -0.0)], "complex64", "tensor([ 1.0000+2.j, -3.5000-0.j])"),
        ([], "float32", "tensor([])"),
        ([], "int64", "tensor([], dtype=torch.int64)"),
        ([[1, 2], [3, 4]], "int64", "tensor([[1, 2],\n        [3, 4]])"),
        ([[[1], [2]]], "int64", "tensor([[[1],\n         [2]]])"),
        ([[[1]], [[2]]], "int64", "tensor([[[1]],\n\n        [[2]]])"),
    ],
)
def test_small_tensors(values: Any, dtype: str, expected: str) -> None:
    assert text(values, dtype) == expected


def test_an_empty_tensor_of_more_dimensions_says_its_size() -> None:
    assert text(np.zeros((0, 3), np.float32)) == "tensor([], size=(0, 3))"
    assert text(np.zeros((2, 0), np.int32)) == "tensor([], size=(2, 0), dtype=torch.int32)"


def test_suffixes_follow_the_type() -> None:
    assert (
        text([1.0], "float64", "grad_fn=<MulBackward0>")
        == "tensor([1.], dtype=torch.float64, grad_fn=<MulBackward0>)"
    )
    assert text([0.0, 2.0], "float32", "requires_grad=True") == "tensor([0., 2.], requires_grad=True)"


def test_a_suffix_that_does_not_fit_starts_a_line() -> None:
    wide = text(np.arange(7) + 0.5, "float32", "grad_fn=<MulBackward0>")
    assert wide.endswith("5.5000, 6.5000],\n       grad_fn=<MulBackward0>)")


def test_long_vectors_wrap_under_the_first_element() -> None:
    first, second = text(np.arange(30), "int64").split("\n")
    assert first == "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,"
    assert second == "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])"


def test_more_than_a_thousand_elements_print_their_edges() -> None:
    assert text(np.arange(1001), "int64") == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"


def test_only_the_edges_are_needed() -> None:
    shape = (2000, 4, 50)
    whole = np.arange(400_000, dtype=np.float32).reshape(shape)
    assert display.summary_ranges(shape) == (((0, 3), (1997, 2000)), ((0, 4),), ((0, 3), (47, 50)))
    edges = whole[[0, 1, 2, 1997, 1998, 1999]][:, :, [0, 1, 2, 47, 48, 49]]
    assert display.render(edges, dtypes.float32, shape=shape) == text(whole)
    assert display.summary_ranges((10, 100)) is None


def test_the_default_type_is_not_spelled_out() -> None:
    one = np.ones(1)
    assert display.render(one, dtypes.float64, default_dtype=dtypes.float64) == "tensor([1.])"
    assert (
        display.render(one.astype("f4"), dtypes.float32, default_dtype=dtypes.float64)
        == "tensor([1.], dtype=torch.float32)"
    )


def test_options_change_the_text_and_come_back() -> None:
    with display.printoptions(precision=2, sci_mode=True):
        assert text([1.23456], "float32") == "tensor([1.23e+00])"
    assert text([1.23456], "float32") == "tensor([1.2346])"
    display.set_printoptions(profile="short")
    assert text([1.23456], "float32") == "tensor([1.23])"
    assert display.get_printoptions()["edgeitems"] == 2
    display.set_printoptions(profile="full")
    assert display.summary_ranges((10_000,)) is None
    with pytest.raises(ArgumentError, match="profile"):
        display.set_printoptions(profile="loud")


OPTIONS: list[dict[str, Any]] = [
    {},
    {"precision": 2},
    {"threshold": 5},
    {"threshold": 5, "edgeitems": 1},
    {"threshold": 5, "edgeitems": 0},
    {"linewidth": 30},
    {"sci_mode": True},
    {"sci_mode": False},
    {"profile": "full", "linewidth": 120},
]


def random_array(draw: np.random.Generator) -> np.ndarray[Any, Any]:
    shape = tuple(int(draw.integers(0, 6)) for _ in range(int(draw.integers(0, 4))))
    if draw.random() < 0.3:
        shape = (int(draw.integers(1, 1500)),)
    elif draw.random() < 0.3:
        shape = (int(draw.integers(1, 40)), int(draw.integers(1, 40)))
    kind = draw.choice(
        ["float32", "float64", "float16", "int64", "int32", "uint8", "bool", "complex64", "complex128"]
    )
    scale = float(draw.choice([1e-6, 1e-2, 1.0, 10.0, 500.0, 1e5, 1e10]))

    def real() -> np.ndarray[Any, Any]:
        values = draw.standard_normal(shape) * scale
        if draw.random() < 0.3:
            values = np.round(values)
        for special in (np.nan, np.inf, -np.inf, 0.0, -0.0):
            if draw.random() < 0.15:
                values = np.where(draw.random(shape) < 0.2, special, values)
        return np.asarray(values)

    if kind.startswith("complex"):
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(real() + 1j * np.nan_to_num(real()), dtype=kind)
    if kind.startswith("float"):
        with np.errstate(over="ignore"):
            return real().astype(kind)
    return np.asarray(draw.integers(0, 2 if kind == "bool" else 200, shape)).astype(kind)


@pytest.mark.torch
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_text_is_torchs(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    seed = 20260
    print(f"seed {seed}")
    draw = np.random.default_rng(seed)
    torch.set_printoptions(**options)
    display.set_printoptions(**options)
    try:
        for _ in range(120):
            array = random_array(draw)
            theirs = torch.from_numpy(array.copy())
            suffixes = []
            if array.dtype.kind in "fc" and draw.random() < 0.5:
                theirs = theirs.requires_grad_()
                suffixes = ["requires_grad=True"]
            mine = display.render(array, dtypes.by_name[array.dtype.name], suffixes=suffixes)
            assert mine == repr(theirs), (array.shape, array.dtype)
    finally:
        torch.set_printoptions(profile="default")
