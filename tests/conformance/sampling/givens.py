"""Tensors as the sampler draws them: numbers and a layout, to be made alike in both modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[Any]]
Layout = Literal["plain", "transposed", "strided", "offset", "expanded"]

LAYOUTS: Final[tuple[Layout, ...]] = ("plain", "transposed", "strided", "offset", "expanded")

#: Element types by torch's names.
FLOATS: Final = ("float16", "float32", "float64")
COMPLEX: Final = ("complex64", "complex128")
INTEGERS: Final = ("uint8", "int8", "int16", "int32", "int64")
WIDE_UNSIGNED: Final = ("uint16", "uint32", "uint64")
DTYPES: Final = ("bool", *INTEGERS, *WIDE_UNSIGNED, *FLOATS, *COMPLEX)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One tensor argument.

    Attributes:
        numbers: its elements, contiguous.
        layout: how they lie in memory: as a view of what is made first, where it is not "plain".
        requires_grad: whether what is made first is a leaf that wants a gradient.
    """

    numbers: Array
    layout: Layout = "plain"
    requires_grad: bool = False

    def make(self, module: ModuleType, tensor: Callable[[Array], Any]) -> tuple[Any, Any]:
        """The tensor, and the leaf that it is or is a view of."""
        numbers, layout = self.numbers, self.layout
        if layout == "transposed":
            leaf = self._leaf(tensor, np.ascontiguousarray(numbers.T))
            return leaf.permute(tuple(reversed(range(numbers.ndim)))), leaf
        if layout == "strided":
            leaf = self._leaf(tensor, np.repeat(numbers, 2, axis=-1))
            return leaf[..., ::2], leaf
        if layout == "offset":
            leaf = self._leaf(tensor, np.concatenate([numbers[:1], numbers]))
            return leaf[1:], leaf
        if layout == "expanded":
            leaf = self._leaf(tensor, np.ascontiguousarray(numbers[:1]))
            return leaf.expand(numbers.shape), leaf
        leaf = self._leaf(tensor, numbers)
        return leaf, leaf

    def _leaf(self, tensor: Callable[[Array], Any], numbers: Array) -> Any:
        made = tensor(numbers)
        return made.requires_grad_() if self.requires_grad else made

    def laid_out(self, layout: Layout) -> Given:
        """The same tensor in this layout, or as it is where the layout needs dimensions that it lacks."""
        numbers = self.numbers
        if layout == "plain" or not numbers.ndim or not numbers.shape[0 if layout != "strided" else -1]:
            return self
        if layout == "expanded":
            numbers = np.ascontiguousarray(np.broadcast_to(numbers[:1], numbers.shape))
        return Given(numbers, layout, self.requires_grad)

    @property
    def dtype(self) -> str:
        return self.numbers.dtype.name

    def __repr__(self) -> str:
        numbers = self.numbers
        shown = str(numbers.tolist())
        text = f"{self.dtype}{list(numbers.shape)}"
        if numbers.size <= 12:
            text = shown.replace(" ", "") + ":" + text
        return (
            text + (f":{self.layout}" if self.layout != "plain" else "") + ("*" if self.requires_grad else "")
        )


def as_torch(numbers: Array) -> torch.Tensor:
    """PyTorch's tensor of a copy of the numbers."""
    if not numbers.size:  # NumPy's strides of an empty array are others than PyTorch's
        return torch.empty(numbers.shape, dtype=getattr(torch, numbers.dtype.name))
    return torch.from_numpy(np.array(numbers, copy=True, order="C"))


def givens_in(value: Any) -> list[Given]:
    """The tensors in nested arguments, in order."""
    if isinstance(value, Given):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, slice):
        value = [value.start, value.stop, value.step]
    return [g for item in value for g in givens_in(item)] if isinstance(value, (list, tuple)) else []


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Nested arguments with every leaf changed, tensors among them."""
    if isinstance(value, dict):
        return {key: changed(item, change) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*(changed(part, change) for part in (value.start, value.stop, value.step)))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(changed(item, change) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(changed(item, change) for item in value)
    return change(value)


#: Numbers that formulas trip over.
SPECIAL_FLOATS: Final = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0, 0.5)


def specials(dtype: str) -> Array:
    """The numbers of a type that formulas trip over."""
    kind = np.dtype(dtype)
    if kind.kind in "ui":
        limits = np.iinfo(kind)
        low = [limits.min, limits.min + 1, -1] if kind.kind == "i" else []
        return np.array([*low, 0, 1, limits.max - 1, limits.max], dtype=kind)
    if kind.kind == "f":
        extremes = np.finfo(kind)
        return np.array(
            [*SPECIAL_FLOATS, extremes.max, extremes.min, extremes.tiny, extremes.eps], dtype=kind
        )
    if kind.kind == "c":
        return np.array(
            [complex(a, b) for a in SPECIAL_FLOATS for b in (0.0, 1.0, np.inf, np.nan)], dtype=kind
        )
    return np.array([False, True])


def numbers_of(rng: np.random.Generator, dtype: str, shape: tuple[int, ...], *, mode: str = "plain") -> Array:
    """Elements of a type and shape: mode "plain", "small" integers whatever the type, or "special"."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64))
    if mode == "special":
        known = specials(dtype)
        mixed = numbers_of(rng, dtype, (size,))
        chosen = rng.random(size) < 0.5
        mixed[chosen] = known[rng.integers(len(known), size=int(chosen.sum()))]
        return mixed.reshape(shape)
    if kind.kind == "b":
        flat: Array = rng.random(size) < 0.5
    elif kind.kind in "ui":
        low = 0 if kind.kind == "u" else -9
        flat = rng.integers(low, 10, size=size)
    elif mode == "small":
        flat = rng.integers(-3, 4, size=size).astype(np.float64)
    else:
        flat = rng.uniform(-4, 4, size=size)
    if kind.kind == "c":
        flat = flat + 1j * rng.uniform(-4, 4, size=size)
    return np.ascontiguousarray(flat.astype(kind).reshape(shape))
