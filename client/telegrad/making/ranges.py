"""Tensors of evenly spaced numbers, of the identity, of triangles' places."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from telegrad import _primitives as p
from telegrad.making.creation import array_from, as_leaf, from_array, into, no_more, wanted_dtype
from telegrad.making.promotion import cast, constant, get_default_dtype, is_number, number
from telegrad.recording.registry import FUNCTIONS
from telegrad.tensor import Tensor, make, scalar_name
from telegrad.types import check_device
from telegrad_proto.dtypes import DType, complex64, float64, int64, promote
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


def arange(
    *bounds: Any,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """The numbers from `start` to before `end`, `step` apart: `arange(end)`, `arange(start, end, step=1)`.

    Raises:
        ArgumentError: the step is zero, or leads away from the end.
    """
    check_device(device)
    first, last, step = _bounds(bounds, named)
    kinds = [type(b) for b in (first, last, step)]
    otherwise = get_default_dtype() if float in kinds else int64
    wanted = wanted_dtype(dtype, otherwise if out is None else out.dtype)
    if step == 0 or (wanted.kind not in "fc" and not int(step)):
        raise ArgumentError("step must be nonzero")
    if not all(math.isfinite(b) for b in (first, last)):
        raise ArgumentError(f"unsupported range: {first} -> {last}")
    if (step > 0) != (last >= first) and first != last:
        raise ArgumentError("upper bound and lower bound inconsistent with step sign")
    # Of int64 torch counts the steps between integers.
    ends = (int(first), int(last), int(step)) if wanted is int64 else (first, last, step)
    count = max(_steps_between(*ends), 0)
    made = as_leaf(make(_affine(count, first, step, wanted)._value), requires_grad)
    return made if out is None else into(out, made)


def _bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    values = [array_from(b).item() if isinstance(b, Tensor) else b for b in bounds]
    named = {k: array_from(v).item() if isinstance(v, Tensor) else v for k, v in named.items()}
    if len(values) == 1 and "end" not in named:
        named["end"] = values.pop()
    for key, value in zip(("start", "end", "step"), values, strict=False):
        named[key] = value
    first, last, step = named.pop("start", 0), named.pop("end", None), named.pop("step", 1)
    no_more("arange", named)
    for key, value in (("start", first), ("end", last), ("step", step)):
        if not is_number(value) or isinstance(number(value), complex):
            place = next((f" (position {i})" for i, b in enumerate(bounds, 1) if b is value), "")
            raise TypeError(f"arange(): argument '{key}'{place} must be Number, not {type(value).__name__}")
    return number(first), number(last), number(step)


def _steps_between(first: float, last: float, step: float) -> int:
    if isinstance(first, int) and isinstance(last, int) and isinstance(step, int):
        return max(0, -(-(last - first) // step))
    return math.ceil((last - first) / step)


def _affine(count: int, first: Any, step: Any, dtype: DType) -> Tensor:
    """start + step * i, counted in the widest type of the kind, as torch does."""
    wide = float64 if dtype.kind in "fc" else int64
    if wide is int64:
        first, step = int(first), int(step)
    line = p.iota(size=count, dtype=wide)
    if step != 1:
        line = p.mul(line, constant(step, wide))
    if first != 0:
        line = p.add(line, constant(first, wide))
    return cast(line, dtype)


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """So many numbers from `start` to `end`, both included, evenly apart."""
    check_device(device)
    _check_steps("linspace", steps)
    made = as_leaf(
        make(_line("linspace", start, end, steps, _type_between("linspace", start, end, dtype))._value),
        requires_grad,
    )
    return made if out is None else into(out, made)


def _type_between(name: str, start: Any, end: Any, dtype: Any) -> DType:
    """The element type of numbers from `start` to `end`: the default one, complex where an end is.

    Raises:
        DTypeError: a real type is asked for though an end is complex.
    """
    is_complex = any(
        b.dtype.kind == "c" if isinstance(b, Tensor) else isinstance(b, (complex, np.complexfloating))
        for b in (start, end)
    )
    if not is_complex:
        return wanted_dtype(dtype, get_default_dtype())
    inferred = promote(get_default_dtype(), complex64)
    wanted = wanted_dtype(dtype, inferred)
    if wanted.kind != "c":
        raise DTypeError(
            f"torch.{name}(): inferred dtype {scalar_name(inferred)} can't be safely cast to passed dtype "
            f"{scalar_name(wanted)}"
        )
    return wanted


def _ends(name: str, start: Any, end: Any) -> tuple[Any, Any]:
    """Both ends as numbers.

    Raises:
        ShapeError: one is a tensor with dimensions.
        TypeError: one is neither tensor nor number.
    """
    ranks = {key: end.ndim for key, end in (("start", start), ("end", end)) if isinstance(end, Tensor)}
    if any(ranks.values()):
        got = " and ".join(f"{key} with {rank} dimension(s)" for key, rank in ranks.items())
        raise ShapeError(f"{name} only supports 0-dimensional start and end tensors, but got {got}.")
    for place, (key, given) in enumerate((("start", start), ("end", end)), start=1):
        if not isinstance(given, Tensor) and not is_number(given):
            kind = type(given).__name__
            raise TypeError(f"{name}(): argument '{key}' (position {place}) must be Number, not {kind}")
    first, last = (array_from(b).item() if isinstance(b, Tensor) else number(b) for b in (start, end))
    return first, last


def _check_steps(name: str, steps: Any) -> None:
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)):
        kind = type(steps).__name__
        raise TypeError(f"{name}(): argument 'steps' (position 3) must be int, not {kind}")


def _line(name: str, start: Any, end: Any, steps: int, dtype: DType) -> Tensor:
    """Computed from both ends to the middle, so that both are exact.

    Source: aten/src/ATen/native/cpu/RangeFactoriesKernel.cpp, linspace_kernel, of PyTorch 2.13.
    """
    if steps < 0:
        raise ArgumentError("number of steps must be non-negative")
    first, last = _ends(name, start, end)
    if dtype.kind in "iu":
        first, last = int(first), int(last)
    wide = dtype if dtype.kind in "fc" else float64
    ends = constant(first, wide), constant(last, wide)
    if steps == 1:
        return cast(p.reshape(ends[0], shape=(1,)), dtype)
    step = constant((last - first) / (steps - 1) if steps else 0.0, wide)
    place = p.iota(size=steps, dtype=int64)
    count = cast(place, wide)
    rising = p.add(ends[0], p.mul(step, count))
    falling = p.sub(ends[1], p.mul(step, p.sub(constant(steps - 1, wide), count)))
    line = p.where(p.lt(place, constant(steps // 2, int64)), rising, falling)
    return cast(line if dtype.kind in "fc" else p.trunc(line), dtype)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """So many powers of the base, with exponents evenly apart from `start` to `end`."""
    check_device(device)
    _check_steps("logspace", steps)
    wanted = _type_between("logspace", start, end, dtype)
    wide = wanted if wanted.kind in "fc" else float64
    if wanted.kind in "iu":
        # torch counts in the type of the result.
        start, end = (b if steps == 1 else int(b) for b in _ends("logspace", start, end))
    made = cast(p.pow(constant(base, wide), _line("logspace", start, end, steps, wide)), wanted)
    made = as_leaf(make(made._value), requires_grad)
    return made if out is None else into(out, made)


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    check_device(device)
    wanted = wanted_dtype(dtype, get_default_dtype())
    for place, (key, given) in enumerate((("n", n), ("m", n if m is None else m)), start=1):
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)):
            kind = type(given).__name__
            raise TypeError(f"eye(): argument '{key}' (position {place}) must be int, not {kind}")
    columns = n if m is None else m
    if n < 0 or columns < 0:
        name, value = ("n", n) if n < 0 else ("m", columns)
        raise ArgumentError(f"{name} must be greater or equal to 0, got {value}")
    rows = p.reshape(p.iota(size=n, dtype=int64), shape=(n, 1))
    made = cast(p.eq(rows, p.iota(size=columns, dtype=int64)), wanted)
    made = as_leaf(made, requires_grad)
    return made if out is None else into(out, made)


def _check_rectangle(name: str, row: object, col: object) -> None:
    for place, (key, given) in enumerate((("row", row), ("col", col)), start=1):
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)):
            kind = type(given).__name__
            raise TypeError(f"{name}(): argument '{key}' (position {place}) must be int, not {kind}")
        if given < 0:
            raise ArgumentError(f"{name}: {key} must be non-negative, got {given}")


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """Rows and columns of the places on and below a diagonal."""
    _check_rectangle("tril_indices", row, col)
    return from_array(np.array(np.tril_indices(row, offset, col), dtype=wanted_dtype(dtype, int64).typestr))


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """Rows and columns of the places on and above a diagonal."""
    _check_rectangle("triu_indices", row, col)
    return from_array(np.array(np.triu_indices(row, offset, col), dtype=wanted_dtype(dtype, int64).typestr))


FACTORIES: Final = (arange, linspace, logspace, eye, tril_indices, triu_indices)
FUNCTIONS.setdefault("", {}).update({factory.__name__: factory for factory in FACTORIES})
