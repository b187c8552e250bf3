"""Columns to inputs: what fits passes unchanged, what does not is named by row and reason."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from telegrad_server.jobs.rows import Wanted, usable
from telegrad_server.jobs.sources import source_of
from telegrad_server.jobs.sources.base import Batch
from tests.server.jobs.sources.reading import batches


def wanted(
    *shape: int, columns: tuple[str, ...] = ("c",), stacked: bool = False, dtype: str = "<f4"
) -> Wanted:
    return Wanted("x", columns, stacked, shape, np.dtype(dtype))


def batch(first_row: int = 10, **columns: Any) -> Batch:
    return Batch(first_row, len(next(iter(columns.values()))), columns)


def test_good_rows_pass() -> None:
    rows = usable(batch(c=np.arange(3.0)), [wanted()])
    assert rows.inputs["x"].dtype == np.float32
    assert rows.inputs["x"].tolist() == [0, 1, 2]
    assert rows.numbers.tolist() == [10, 11, 12]
    assert rows.bad == {}


def test_columns_stand_side_by_side() -> None:
    rows = usable(
        batch(a=np.arange(2.0), b=np.array([5, 6])),
        [wanted(2, columns=("a", "b"), stacked=True, dtype="<f8")],
    )
    assert rows.inputs["x"].tolist() == [[0, 5], [1, 6]]


@pytest.mark.parametrize(
    ("column", "shape", "dtype", "reasons"),
    [
        (np.array([1.0, np.nan, 3.0]), (), "<f4", {11: "NaN"}),
        (np.array([[1.0, 2.0], [np.nan, 1.0]]), (2,), "<f8", {11: "NaN"}),
        ([1.0, None, 2.0], (), "<f4", {11: "missing"}),
        ([1.0, "abc", 2.0], (), "<f4", {11: r"requires float32, got 'abc'"}),
        (
            [[1.0, 2.0], [1.0], [1.0, 2.0, 3.0]],
            (2,),
            "<f8",
            {11: r"requires shape \(2,\), got \(1,\)", 12: r"got \(3,\)"},
        ),
        ([[1.0, None], [1.0, 2.0]], (2,), "<f8", {10: "missing"}),
        ([[[1.0], [1.0, 2.0]], [[1.0], [2.0]]], (2, 1), "<f8", {10: "requires shape"}),
        (np.array([1.0, 2.5, 3.0]), (), "<i8", {11: "requires int64, got 2.5"}),
        (np.array([300, 2, -1]), (), "|u1", {10: "requires uint8, got 300", 12: "requires uint8, got -1"}),
        (np.array([1e300, 1.0]), (), "<f4", {10: r"requires float32, got 1e\+300"}),
        (np.array([1j, 1.0]), (), "<f8", {10: "requires float64, got 1j"}),
        ([10**20, None, "abc"], (), "<f8", {11: "missing", 12: "requires float64, got 'abc'"}),
        ([10**400, 1], (), "<f8", {10: "requires float64, got 1000"}),
        ([10**39, 1], (), "<f4", {10: r"requires float32, got 1e\+39"}),
        ([10**20, 1], (), "<i8", {10: "requires int64, got 1000"}),
        ([[10**20, None], [1, 2]], (2,), "<f8", {10: "missing"}),
        ([[2**63, -1], [1, 2]], (2,), "<i8", {10: "requires int64"}),
        (np.zeros((2, 3)), (2,), "<f8", {10: r"requires shape \(2,\), got \(3,\)", 11: "requires shape"}),
    ],
)
def test_bad_rows_are_named(column: Any, shape: tuple[int, ...], dtype: str, reasons: dict[int, str]) -> None:
    rows = usable(batch(c=column), [wanted(*shape, dtype=dtype)])
    assert list(rows.bad) == list(reasons)
    for row, reason in reasons.items():
        assert "'c'" in rows.bad[row]
        assert re.search(reason, rows.bad[row])
    assert sorted([*rows.numbers.tolist(), *rows.bad]) == [10 + place for place in range(len(column))]
    assert len(rows.inputs["x"]) == len(rows.numbers) == len(column) - len(reasons)


@pytest.mark.parametrize("dtype", ["<f8", "<f4", "<c16"])
def test_integers_beyond_64_bits_are_numbers_for_an_input_of_floats(dtype: str) -> None:
    for column, shape in (([10**20, 1, -(10**20)], ()), ([[10**20, 1], [0.5, -(10**20)]], (2,))):
        rows = usable(batch(c=column), [wanted(*shape, dtype=dtype)])
        assert rows.bad == {}
        np.testing.assert_array_equal(rows.inputs["x"], np.array(column, dtype))


@pytest.mark.parametrize("row", [[2**63 + 1, 1], [2**64 - 1, 0]])
def test_integers_in_lists_are_not_rounded(row: list[int]) -> None:
    rows = usable(batch(c=[row, [1]]), [wanted(2, dtype="<u8")])
    assert rows.inputs["x"].tolist() == [row]


@pytest.mark.parametrize(("name", "head", "line"), [("x.csv", "c\n", "%s\n"), ("x.jsonl", "", '{"c": %s}\n')])
def test_what_text_spells_out_arrives_or_is_refused(name: str, head: str, line: str) -> None:
    numbers = [9007199254740993, -1, 2**63, 10**20]
    raw = (head + "".join(line % number for number in numbers)).encode()
    (read,) = batches(source_of(name), raw, ["c"], batch_rows=5)
    integers, floats = (usable(read, [wanted(dtype=dtype)]) for dtype in ("<i8", "<f8"))
    assert integers.inputs["x"].tolist() == numbers[:2]
    assert integers.bad == {
        2: "column 'c': requires int64, got 9223372036854775808",
        3: "column 'c': requires int64, got 100000000000000000000",
    }
    assert floats.inputs["x"].tolist() == [float(number) for number in numbers]


def test_infinity_is_a_number() -> None:
    assert usable(batch(c=np.array([np.inf, 1.0])), [wanted()]).bad == {}


def test_integers_and_numbers_as_text_are_told_apart() -> None:
    assert usable(batch(c=["1", "2"]), [wanted()]).bad.keys() == {10, 11}


def test_what_could_not_be_read_is_bad_whatever_stands_in_its_place() -> None:
    rows = usable(Batch(0, 2, {"c": np.zeros(2)}, {1: "no JSON"}), [wanted()])
    assert rows.bad == {1: "no JSON"}


def test_the_first_reason_stays() -> None:
    one, other = wanted(columns=("a",)), Wanted("y", ("b",), False, (), np.dtype("<f8"))
    rows = usable(batch(a=np.array([np.nan]), b=np.array([np.nan])), [one, other])
    assert "'a'" in rows.bad[10]
    assert len(rows.inputs["y"]) == 0
