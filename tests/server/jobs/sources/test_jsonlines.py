"""JSON lines: numbers, lists, what is missing, and lines that are no objects."""

from __future__ import annotations

import json

import numpy as np
import pytest

from telegrad_server.jobs.sources import jsonlines
from telegrad_server.jobs.sources.jsonlines import SOURCES
from tests.server.jobs.sources.reading import batches, column, unreadable

SOURCE = SOURCES[".jsonl"]


@pytest.mark.parametrize("last", ["\n", ""])
@pytest.mark.parametrize("rows", [0, 1, 5, 11])
def test_all_rows_come_once_and_in_order(rows: int, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "_BLOCK_BYTES", 7)
    lines = [json.dumps({"a": n, "v": [n + 0.5, 2.0], "t": "x"}) for n in range(rows)]
    found = batches(SOURCE, ("\n".join(lines) + (last if rows else "")).encode(), ["v", "a"])
    assert column(found, "a") == list(range(rows))
    assert column(found, "v") == [[n + 0.5, 2.0] for n in range(rows)]
    assert all(np.asarray(b.columns["v"]).shape == (b.rows, 2) for b in found)


def test_what_is_wrong_with_a_line_is_known_of_that_line() -> None:
    lines = [
        '{"a": 1}',
        "{",
        "[1]",
        "",
        '{"b": 2}',
        '{"a": [1, 2]}',
        '{"a": null}',
        '{"a": "x"}',
        '{"a": NaN}',
    ]
    found = batches(SOURCE, ("\n".join(lines) + "\n").encode(), ["a"], shard_rows=100, batch_rows=100)
    told = unreadable(found)
    assert told.keys() == {1, 2, 3, 4}
    assert told[1].startswith("no JSON: ")
    assert told[2] == "requires an object, got list"
    assert told[3] == "an empty line"
    assert told[4].startswith("there is no column 'a'; ")
    values = column(found, "a")
    assert values[:8] == [1, None, None, None, None, [1, 2], None, "x"]
    assert np.isnan(values[8])


def test_a_name_that_is_no_text_is_wrong_with_its_line() -> None:
    found = batches(SOURCE, b'{"a": 1}\n{"a": 2, "\xff": 0}\n{"a": 3}\n', ["a"], batch_rows=3)
    assert {row: reason[:8] for row, reason in unreadable(found).items()} == {1: "no JSON:"}
    assert column(found, "a") == [1, None, 3]


@pytest.mark.parametrize("batch_rows", [1, 2, 3])
def test_a_row_that_lacks_a_column_is_named_with_what_it_has(batch_rows: int) -> None:
    found = batches(SOURCE, b'{"a": 1}\n{"z": 2}\n{}\n', ["z"], batch_rows=batch_rows)
    assert unreadable(found) == {
        0: "there is no column 'z'; the row has 'a'",
        2: "there is no column 'z'; the row has none",
    }
    assert [column(found, "z")[1]] == [2]


@pytest.mark.parametrize("more", [b"", b"\n", b'{"a": 0.5}\n', b'{"a": null}\n'])
def test_integers_that_float64_lacks_stay_as_they_are(more: bytes) -> None:
    found = batches(SOURCE, b'{"a": 9007199254740993}\n' + more, ["a"])
    assert column(found, "a")[0] == 9007199254740993


def test_integers_in_lists_stay_as_they_are_beside_lists_of_floats() -> None:
    found = batches(SOURCE, b'{"a": [[9007199254740993, 1]]}\n{"a": [[0.5, 1]]}\n', ["a"])
    assert column(found, "a")[0] == [[9007199254740993, 1]]


_DEEP = 100_000


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": ' + b"[" * _DEEP + b"}",
        b'{"a": 1, "b": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
        b'{"b": ' * _DEEP + b"1" + b"}" * _DEEP,
        b'{"b": "' + b"]" * _DEEP + b'", "a": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
        b"[" * _DEEP,
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_of_very_deep_values_is_a_bad_row(line: bytes, end: bytes) -> None:
    found = batches(SOURCE, end.join((b'{"a": 1}', line, b'{"a": 2}', b"")), ["a"], batch_rows=3)
    assert unreadable(found) == {1: "no JSON: values lie too deep in one another"}
    assert column(found, "a")[::2] == [1, 2]


def test_values_that_go_on_for_many_lines_are_bad_rows() -> None:
    lines = [b'{"a": ['] * 5000 + [b"]}"] * 5000
    found = batches(SOURCE, b"\n".join(lines), ["a"], shard_rows=10_000, batch_rows=10_000)
    assert len(unreadable(found)) == 10_000


def test_a_table_in_a_row_is_not_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [json.dumps({"a": [[n, 1.0]] * 200, "t": '[[\\"{' * 200}) for n in range(3)]
    monkeypatch.setattr(jsonlines, "_slowly", None)
    found = batches(SOURCE, "\n".join(rows).encode(), ["a"])
    assert column(found, "a") == [[[n, 1.0]] * 200 for n in range(3)]
