"""Columns become a program's inputs, row by row: a row that cannot be used is named with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from telegrad_server.jobs.sources.base import Batch, Column

_LONGEST_VALUE: Final = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """An input of the program that rows fill.

    Attributes:
        name: the input's.
        columns: what it is made of.
        stacked: columns stand side by side as the last axis; otherwise there is one, taken as it is.
        shape: of a row.
        dtype: of the program's input.
    """

    name: str
    columns: tuple[str, ...]
    stacked: bool
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def column_shape(self) -> tuple[int, ...]:
        """What each column holds in a row."""
        return self.shape[:-1] if self.stacked else self.shape


@dataclass(frozen=True, slots=True)
class Rows:
    """The usable rows of a batch.

    Attributes:
        numbers: which rows of the file they are.
        inputs: an array an input, the rows as its first axis.
        bad: the others, by row, with the reason.
    """

    numbers: npt.NDArray[np.int64]
    inputs: Mapping[str, npt.NDArray[Any]]
    bad: Mapping[int, str]


def usable(batch: Batch, wanted: Sequence[Wanted]) -> Rows:
    """The rows whose every value is there, a number, of the right shape, and not NaN."""
    bad: dict[int, str] = dict(batch.unreadable)
    inputs: dict[str, npt.NDArray[Any]] = {}
    for one in wanted:
        parts = [_typed(batch.columns[column], column, one, batch.rows, bad) for column in one.columns]
        inputs[one.name] = np.stack(parts, axis=-1) if one.stacked else parts[0]
    if not bad:
        return Rows(batch.first_row + np.arange(batch.rows), inputs, {})
    good = np.ones(batch.rows, bool)
    good[list(bad)] = False
    return Rows(
        batch.first_row + np.flatnonzero(good),
        {name: array[good] for name, array in inputs.items()},
        {batch.first_row + place: bad[place] for place in sorted(bad)},
    )


def _typed(column: Column, name: str, wanted: Wanted, rows: int, bad: dict[int, str]) -> npt.NDArray[Any]:
    """The column in the input's type; rows that do not fit are noted, and hold zeros."""
    if (
        isinstance(column, np.ndarray)
        and column.dtype.kind in "biufc"
        and column.shape[1:] == wanted.column_shape
    ):
        return _cast(column, name, wanted, bad)
    result = np.zeros((rows, *wanted.column_shape), wanted.dtype)
    for place, value in enumerate(column):
        if place in bad:
            continue
        try:
            array, reason = _numbers(value, wanted), ""
        except ValueError:  # lists of different lengths in one another
            array, reason = (
                np.empty(0),
                f"column {name!r}: requires shape {wanted.column_shape}, got {_short(value)}",
            )
        if not reason:
            reason = _complaint(value, array, name, wanted)
        if reason:
            bad[place] = reason
            continue
        problems: dict[int, str] = {}
        result[place] = _cast(array[None], name, wanted, problems)[0]
        if problems:
            bad[place] = problems[0]
    return result


def _numbers(value: Any, wanted: Wanted) -> npt.NDArray[Any]:
    """The value as an array. Text may spell out integers that NumPy has no type for, or would round."""
    array = np.asarray(value)
    kinds: tuple[type, ...]
    target: type[np.generic]
    if array.dtype == object and wanted.dtype.kind in "fc":
        kinds, target = (int, float), np.float64
    elif array.dtype.kind == "f" and wanted.dtype.kind in "iu" and isinstance(value, list):
        kinds, target = (int,), np.int64 if wanted.dtype.kind == "i" else np.uint64
    else:
        return array
    each = np.asarray(value, object)
    if all(type(one) in kinds for one in each.flat):
        with suppress(OverflowError):  # what fits here neither is refused as it is
            return each.astype(target)
    return array


def _complaint(value: Any, array: npt.NDArray[Any], name: str, wanted: Wanted) -> str:
    """What keeps the value from being one of the input's, or nothing."""
    if value is None or (array.dtype == object and any(v is None for v in array.flat)):
        return f"column {name!r}: a value is missing"
    if array.dtype.kind not in "biufc":
        return f"column {name!r}: requires {wanted.dtype}, got {_short(value)}"
    if array.shape != wanted.column_shape:
        return f"column {name!r}: requires shape {wanted.column_shape}, got {array.shape}"
    return ""


def _cast(column: npt.NDArray[Any], name: str, wanted: Wanted, bad: dict[int, str]) -> npt.NDArray[Any]:
    if column.dtype.kind in "fc":
        _note(np.isnan(column), bad, lambda place: f"column {name!r}: NaN, or a value is missing")
    if column.dtype == wanted.dtype:
        return column
    real = column.real if wanted.dtype.kind != "c" and column.dtype.kind == "c" else column
    with np.errstate(invalid="ignore", over="ignore"):
        typed = real.astype(wanted.dtype)
    if wanted.dtype.kind in "fc":
        # Rounding is what the caller asked for with the type; leaving its range is not.
        wrong = np.isinf(typed) & np.isfinite(column)
    else:
        wrong = typed != column
    if column.dtype.kind == "c" and wanted.dtype.kind != "c":
        wrong = wrong | (column.imag != 0)
    _note(
        wrong,
        bad,
        lambda place: f"column {name!r}: requires {wanted.dtype}, got {_short(column[place].tolist())}",
    )
    return typed


def _note(wrong: npt.NDArray[np.bool_], bad: dict[int, str], reason: Any) -> None:
    if wrong.any():
        for place in np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1)).tolist():
            bad.setdefault(place, reason(place))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
