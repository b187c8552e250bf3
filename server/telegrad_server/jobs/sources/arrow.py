"""Arrow's columns as NumPy arrays with the rows as their first axis, where all rows have one form."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from telegrad_server.jobs.sources.base import LARGEST_EXACT, Column


def column_of(array: pa.Array) -> Column:
    """The column's values; a list of objects where rows differ in form, miss a value, or are no numbers."""
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return array.to_numpy(zero_copy_only=False) if array.null_count == 0 else list(array.to_pylist())
    if pa.types.is_floating(kind):
        return np.asarray(array.to_numpy(zero_copy_only=False))  # what is missing is NaN
    if pa.types.is_decimal(kind):
        return column_of(array.cast(pa.float64()))
    if isinstance(array, pa.ExtensionArray):
        return column_of(array.storage)
    if pa.types.is_fixed_size_list(kind) and array.null_count == 0:
        return _nested(array.flatten(), len(array), kind.list_size)
    if (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and array.null_count == 0 and len(array):
        bounds = pc.min_max(pc.list_value_length(array)).as_py()
        if bounds["min"] == bounds["max"]:
            return _nested(array.flatten(), len(array), bounds["min"])
    return list(array.to_pylist())


def may_round(table: pa.Table) -> bool:
    """Whether a column of floats may have been integers that float64 lacks, read from text."""
    flat = [_flat(column) for column in table.columns]
    floats = [column for column in flat if pa.types.is_floating(column.type)]
    most = [pc.max(pc.abs(column)).as_py() for column in floats]
    return any(m is not None and LARGEST_EXACT <= m < math.inf for m in most)


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.list_flatten(column, recursive=True) if pa.types.is_list(column.type) else column


def _nested(values: pa.Array, rows: int, length: int) -> Column:
    inner = column_of(values)
    if isinstance(inner, np.ndarray):
        return inner.reshape(rows, length, *inner.shape[1:])
    return [list(inner[row * length : (row + 1) * length]) for row in range(rows)]
