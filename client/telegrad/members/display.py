"""How a tensor prints: torch's text, from as few elements as the text shows.

A large tensor prints its edges only, so `summary_ranges` says which parts of each dimension the text needs,
and `render` takes either the whole array or just those parts put together.

Source: the text is that of torch/_tensor_str.py of PyTorch 2.13.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telegrad_proto.dtypes import DType, bool_, complex64, complex128, float32, float64, int64
from telegrad_proto.errors import ArgumentError

#: A half-open range of positions along one dimension.
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """What `set_printoptions` sets.

    Attributes:
        precision: digits after the point.
        threshold: a tensor of more elements than this prints its edges only.
        edgeitems: how many items an edge shows at either end of a dimension.
        linewidth: characters a line.
        sci_mode: scientific notation always, never, or where the values want it (None).
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: Final = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}

_current: PrintOptions = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Changes how tensors print from here on; what is not named stays, but `sci_mode`, which torch resets
    each time.

    Raises:
        ArgumentError: the profile is none of default, short, full.
    """
    global _current
    base = _current
    if profile is not None:
        if profile not in _PROFILES:
            raise ArgumentError(
                f"set_printoptions: requires profile 'default', 'short' or 'full', got {profile!r}"
            )
        base = _PROFILES[profile]
    named = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    _current = dataclasses.replace(base, sci_mode=sci_mode, **changes)


def get_printoptions() -> dict[str, Any]:
    """The options in force, as `set_printoptions` takes them."""
    return dataclasses.asdict(_current)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """A context in which tensors print with these options."""
    global _current
    before = _current
    set_printoptions(**options)
    try:
        yield
    finally:
        _current = before


def summary_ranges(shape: Sequence[int]) -> tuple[tuple[Range, ...], ...] | None:
    """For each dimension the ranges that the text shows; None where it shows the whole tensor."""
    edge = _current.edgeitems
    if math.prod(shape) <= _current.threshold:
        return None
    return tuple(((0, edge), (n - edge, n)) if n > 2 * edge else ((0, n),) for n in shape)


def render(
    array: np.ndarray[Any, Any],
    dtype: DType,
    *,
    shape: Sequence[int] | None = None,
    suffixes: Sequence[str] = (),
    default_dtype: DType = float32,
    prefix: str = "tensor(",
) -> str:
    """The text of a tensor.

    Shape: `array` has the tensor's shape, or is what `summary_ranges(shape)` names, put together.

    Args:
        array: the elements.
        dtype: the tensor's element type.
        shape: the tensor's shape; the array's own where absent.
        suffixes: what follows the elements, and their type where it is shown, such as `requires_grad=True`.
        default_dtype: the floating type that is not spelled out.
        prefix: the text before the elements.
    """
    whole = tuple(array.shape if shape is None else shape)
    ranges = summary_ranges(whole)
    edges = _edges(array, ranges) if ranges is not None and array.shape == whole else array
    shown = [*_spec_suffixes(whole, dtype, default_dtype), *suffixes]
    summarized = ranges is not None
    text = _elements(edges, whole, indent=len(prefix), summarized=summarized)
    return _with_suffixes(prefix + text, shown, indent=len(prefix))


def _spec_suffixes(shape: tuple[int, ...], dtype: DType, default_dtype: DType) -> list[str]:
    suffixes = []
    default_complex = complex128 if default_dtype is float64 else complex64
    plain = (default_dtype, default_complex, int64, bool_)
    if 0 in shape:
        # Without elements there is nothing to tell int64 or bool by.
        plain = (default_dtype,) * 4
    if (0 in shape and len(shape) != 1) or (0 not in shape and not _current.edgeitems):
        suffixes.append(f"size={shape}")
    if dtype not in plain:
        suffixes.append(f"dtype={dtype!r}")
    return suffixes


def _edges(array: np.ndarray[Any, Any], ranges: tuple[tuple[Range, ...], ...]) -> np.ndarray[Any, Any]:
    for axis, parts in enumerate(ranges):
        positions = np.concatenate([np.arange(start, stop) for start, stop in parts])
        array = array.take(positions, axis=axis)
    return array


def _with_suffixes(text: str, suffixes: Sequence[str], *, indent: int) -> str:
    parts = [text]
    line_length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if line_length + len(suffix) + 2 > _current.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            line_length = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            line_length += len(suffix) + 2
    return "".join(parts) + ")"


class _RealFormat:
    """How the real elements of one tensor are written: all in one width and notation."""

    __slots__ = ("floating", "integral", "precision", "scientific", "width")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.floating = array.dtype.kind == "f"
        self.integral = True
        self.scientific = False
        self.precision = _current.precision
        self.width = 1
        if not self.floating:
            self.width = max((len(f"{value}") for value in array.ravel().tolist()), default=1)
            return
        values = array.ravel().astype(np.float64)
        values = values[np.isfinite(values) & (values != 0)]
        if not values.size:
            return
        self.integral = bool((values == np.ceil(values)).all())
        smallest, largest = float(np.abs(values).min()), float(np.abs(values).max())
        if _current.sci_mode is None:
            self.scientific = largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
        else:
            self.scientific = _current.sci_mode
        point = 1 if self.integral and not self.scientific else 0
        self.width = max(1, max(len(self._number(value)) for value in values.tolist()) + point)

    def _number(self, value: float) -> str:
        if self.scientific:
            return f"{value:.{self.precision}e}"
        return f"{value:.0f}" if self.integral else f"{value:.{self.precision}f}"

    def write(self, value: float | bool) -> str:
        if not self.floating:
            text = f"{value}"
        else:
            text = self._number(value)
            if self.integral and not self.scientific and math.isfinite(value):
                text += "."
        return text.rjust(self.width)

    @property
    def length(self) -> int:
        return self.width


class _ComplexFormat:
    """How complex elements are written: real and imaginary parts each in a format of their own."""

    __slots__ = ("imag", "real")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.real = _RealFormat(array.real)
        self.imag = _RealFormat(array.imag)

    def write(self, value: complex) -> str:
        imag = (self.imag.write(value.imag) + "j").lstrip()
        # -0.0 and negative numbers bring their own sign.
        return self.real.write(value.real) + ("" if imag[0] in "+-" else "+") + imag

    @property
    def length(self) -> int:
        return self.real.width + self.imag.width + 1


def _elements(edges: np.ndarray[Any, Any], shape: tuple[int, ...], *, indent: int, summarized: bool) -> str:
    if 0 in shape:
        return "[]"
    form = _ComplexFormat(edges) if edges.dtype.kind == "c" else _RealFormat(edges)
    return _nested(edges.tolist(), shape, form=form, indent=indent, summarized=summarized)


def _nested(
    items: Any, shape: tuple[int, ...], *, form: _RealFormat | _ComplexFormat, indent: int, summarized: bool
) -> str:
    if not shape:
        return form.write(items)
    edge = _current.edgeitems
    cut = summarized and shape[0] > 2 * edge
    if len(shape) == 1:
        texts = [form.write(item) for item in items]
        if cut:
            texts = [*texts[:edge], " ..." if edge else "...", *texts[edge:]]
        a_line = max(1, (_current.linewidth - indent) // (form.length + 2))
        lines = [", ".join(texts[i : i + a_line]) for i in range(0, len(texts), a_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    texts = [_nested(item, shape[1:], form=form, indent=indent + 1, summarized=summarized) for item in items]
    if cut:
        texts = [*texts[:edge], "...", *texts[edge:]]
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(texts) + "]"
