"""torch.testing: `assert_close`, for programs' own tests. What is close is decided where the tensors are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from telegrad.making.creation import tensor
from telegrad.recording.registry import FUNCTIONS, absent
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import (
    DType,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int64,
    promote,
)
from telegrad_proto.errors import ArgumentError

__all__ = ["assert_close"]

#: For each type the relative and the absolute tolerance; none for those that are not here.
_TOLERANCES: Final[dict[DType, tuple[float, float]]] = {
    float16: (1e-3, 1e-5),
    float32: (1.3e-6, 1e-5),
    float64: (1e-7, 1e-7),
    complex64: (1.3e-6, 1e-5),
    complex128: (1e-7, 1e-7),
}

_NUMBERS: Final = (int, float, complex)


@dataclass(frozen=True, slots=True)
class _Settings:
    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_dtype: bool
    check_stride: bool

    def tolerances(self, *dtypes: DType) -> tuple[float, float]:
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        pairs = [_TOLERANCES.get(dtype, (0.0, 0.0)) for dtype in dtypes]
        return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Returns where what came is close to what was expected: |actual - expected| <= atol + rtol |expected|.

    Args:
        actual: tensors, arrays or numbers, in lists, tuples and dicts.
        expected: the same.
        allow_subclasses: a Parameter may be compared with a Tensor.
        rtol: by default as wide as the less accurate type of both.
        atol: likewise; both are given or none.
        equal_nan: NaN is close to NaN.
        check_device: accepted: there is one device.
        check_dtype: the types are the same, too.
        check_layout: accepted: there is one layout.
        check_stride: the strides are the same, too.
        msg: the error's text, or a function of the text it would have.

    Raises:
        AssertionError: they are not close: torch's text.
        ArgumentError: only one of the tolerances.
        TypeError: what cannot be compared.
    """
    if (rtol is None) != (atol is None):
        raise ArgumentError(
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
            f"{'rtol' if rtol is None else 'atol'}."
        )
    settings = _Settings(allow_subclasses, rtol, atol, equal_nan, check_dtype, check_stride)
    found = _difference(actual, expected, settings, ())
    if found is not None:
        raise AssertionError(found if msg is None else msg(found) if callable(msg) else msg)


def _difference(actual: Any, expected: Any, settings: _Settings, path: tuple[Any, ...]) -> str | None:
    """What is said of two trees; None where they are close."""
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            text = f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
            return _placed(text, path)
        pairs = [(i, a, e) for i, (a, e) in enumerate(zip(actual, expected, strict=True))]
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            text = "The keys of the mappings do not match:"
            if missing := [key for key in expected if key not in actual]:
                text += f"\nMissing keys in the actual mapping: {sorted(missing)}"
            if more := [key for key in actual if key not in expected]:
                text += f"\nAdditional keys in the actual mapping: {sorted(more)}"
            return _placed(text, path)
        pairs = [(key, actual[key], expected[key]) for key in actual]
    else:
        told = _leaf(actual, expected, settings)
        return None if told is None else _placed(told, path)
    for key, a, e in pairs:
        found = _difference(a, e, settings, (*path, key))
        if found is not None:
            return found
    return None


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _placed(text: str, path: tuple[Any, ...]) -> str:
    items = "".join(f"[{key!r}]" for key in path)
    return f"{text}\n\nThe failure occurred for item {items}" if path else text


def _leaf(actual: Any, expected: Any, settings: _Settings) -> str | None:
    if actual is None or expected is None:
        return None if actual is expected else f"None mismatch: {actual} is not {expected}"
    if isinstance(actual, (bool, np.bool_)) and isinstance(expected, (bool, np.bool_)):
        return None if bool(actual) is bool(expected) else f"Booleans mismatch: {actual} is not {expected}"
    if isinstance(actual, _NUMBERS) and isinstance(expected, _NUMBERS):
        return _numbers(actual, expected, settings)
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    same = type(actual) is type(expected) or (settings.allow_subclasses and related)
    if same and isinstance(actual, (Tensor, np.ndarray)):
        return _tensors(_as_tensor(actual), _as_tensor(expected), settings)
    raise TypeError(
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
    )


def _as_tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else tensor(value)


def _numbers(actual: Any, expected: Any, settings: _Settings) -> str | None:
    if settings.check_dtype and type(actual) is not type(expected):
        return f"The (d)types do not match: {type(actual)} != {type(expected)}."
    kinds = {int: int64, float: float64, complex: complex128}
    rtol, atol = settings.tolerances(*(kinds[type(x)] for x in (actual, expected) if type(x) in kinds))
    close = np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=settings.equal_nan)
    return None if close else _scalars(actual, expected, rtol, atol)


def _scalars(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    absolute = abs(actual - expected)
    relative = float("inf") if expected == 0 else absolute / abs(expected)
    text = f"Scalars are not {'close' if rtol or atol else 'equal'}!\n\n"
    text += f"Expected {expected} but got {actual}.\n"
    text += f"Absolute difference: {absolute}" + _allowed(atol, rtol, atol)
    return text + f"\nRelative difference: {relative}" + _allowed(rtol, rtol, atol)


def _allowed(tolerance: float, rtol: float, atol: float) -> str:
    return f" (up to {tolerance} allowed)" if rtol or atol else ""


def _tensors(actual: Tensor, expected: Tensor, settings: _Settings) -> str | None:
    attributes = ["shape"]
    attributes += ["stride"] if settings.check_stride else []
    attributes += ["dtype"] if settings.check_dtype else []
    for name in attributes:
        a, e = getattr(actual, name), getattr(expected, name)
        a, e = (a(), e()) if callable(a) else (a, e)
        if a != e:
            return f"The values for attribute '{name}{'()' * (name == 'stride')}' do not match: {a} != {e}."
    rtol, atol = settings.tolerances(actual.dtype, expected.dtype)
    common = promote(actual.dtype, expected.dtype)
    a, e = actual.detach().to(common), expected.detach().to(common)
    close = FUNCTIONS[""]["isclose"](a, e, rtol=rtol, atol=atol, equal_nan=settings.equal_nan)
    if bool(close.all()):
        return None
    if not a.ndim:
        return _scalars(a.item(), e.item(), rtol, atol)
    return _elements(a.numpy(), e.numpy(), close.numpy(), rtol, atol)


def _elements(a: Any, e: Any, close: Any, rtol: float, atol: float) -> str:
    if a.dtype.kind in "bui":
        a, e = a.astype(np.int64), e.astype(np.int64)
    with np.errstate(all="ignore"):
        absolute = np.where(close, 0, np.abs(a - e))
        relative = np.where(close, 0, absolute / np.abs(e))
    missed = int(close.size - close.sum())
    text = f"Tensor-likes are not {'close' if rtol or atol else 'equal'}!\n\n"
    text += f"Mismatched elements: {missed} / {close.size} ({missed / close.size:.1%})\n"
    text += f"Greatest absolute difference: {_greatest(absolute)}" + _allowed(atol, rtol, atol)
    return text + f"\nGreatest relative difference: {_greatest(relative)}" + _allowed(rtol, rtol, atol)


def _greatest(differences: Any) -> str:
    place = int(np.argmax(differences))
    index = tuple(int(i) for i in np.unravel_index(place, differences.shape))
    return f"{differences.flat[place].item()} at index {index}"


def __getattr__(name: str) -> NoReturn:
    raise absent(f"module {__name__!r}", "torch.testing", name)
