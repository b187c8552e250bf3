"""JSON lines: numbers, lists, what is missing, and lines that are no objects."""

from __future__ import annotations

import json

import numpy as np
import pytest

from telegrad_proto.errors import DataError
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
    assert told.keys() == {1, 2, 3}
    assert told[1].startswith("no JSON: ")
    assert told[2] == "requires an object, got list"
    assert told[3] == "an empty line"
    values = column(found, "a")
    assert values[:8] == [1, None, None, None, None, [1, 2], None, "x"]
    assert np.isnan(values[8])


def test_a_column_that_no_row_has_is_named() -> None:
    with pytest.raises(DataError, match="no column 'z'; the file has 'a'"):
        batches(SOURCE, b'{"a": 1}\n', ["z"])
