"""CSV and TSV: quoted values, line ends within them, lines of wrong length, text where a number belongs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegrad_proto.errors import DataError
from telegrad_server.jobs.sources import delimited
from telegrad_server.jobs.sources.delimited import SOURCES
from tests.server.jobs.sources.reading import batches, column, unreadable

CSV, TSV = SOURCES[".csv"], SOURCES[".tsv"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("rows", [0, 1, 5, 11])
def test_all_rows_come_once_and_in_order(end: str, last: bool, rows: int) -> None:
    lines = ["a,b", *(f"{n},{n}.5" for n in range(rows))]
    raw = (end.join(lines) + (end if last else "")).encode()
    found = batches(CSV, raw, ["b", "a"])
    assert column(found, "a") == [float(n) for n in range(rows)]
    assert column(found, "b") == [n + 0.5 for n in range(rows)]


def test_tabs() -> None:
    assert column(batches(TSV, b"a\tb\n1\t2\n3\t4\n", ["b"]), "b") == [2.0, 4.0]


def test_line_ends_within_quotes_are_no_line_ends() -> None:
    raw = b'name,"a"\n"two\nlines",1\n"say ""hi""\n",2\nplain,3\n'
    found = batches(CSV, raw, ["a"], shard_rows=1)
    assert column(found, "a") == [1.0, 2.0, 3.0]


def test_a_small_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b'name,a\n"x\ny",1\n' + b"".join(b'"%d\n""",%d\n' % (n, n) for n in range(20))
    whole = column(batches(CSV, raw, ["a"]), "a")
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 3)
    assert column(batches(CSV, raw, ["a"]), "a") == whole == [1.0, *map(float, range(20))]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), st.floats(allow_nan=False)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_a_writer_quotes_is_read(table: list[tuple[str, float]]) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["text", "number"])
    writer.writerows([(text, repr(number)) for text, number in table])
    found = batches(CSV, file.getvalue().encode(), ["number"], shard_rows=3)
    assert column(found, "number") == [number for _, number in table]
    assert unreadable(found) == {}


def test_what_is_no_number_stays_what_it_is() -> None:
    found = batches(CSV, b"a,b\n1,2\nabc,3\n,4\n", ["a", "b"], batch_rows=3)
    assert column(found, "a") == [1.0, "abc", None]
    assert column(found, "b") == [2.0, 3.0, 4.0]


def test_a_value_too_long_for_any_number_is_wrong_with_its_row() -> None:
    raw = b"a,t\n1,x\n2," + b"y" * 200_000 + b"\n3,z\n"
    found = batches(CSV, raw.replace(b"1,", b"one,"), ["a"], batch_rows=3)
    assert list(unreadable(found)) == [1]
    assert column(found, "a") == ["one", None, 3]


def test_a_line_of_wrong_length_is_named() -> None:
    found = batches(CSV, b"a,b\n1,2\n3\n4,5,6\n\n7,8\n", ["b"], batch_rows=10)
    assert unreadable(found) == {
        1: "requires 2 values, got 1",
        2: "requires 2 values, got 3",
        3: "requires 2 values, got 0",
    }
    assert column(found, "b")[::4] == [2.0, 8.0]


@pytest.mark.parametrize("raw", [b"", b"\n1,2\n"])
def test_a_file_needs_a_header(raw: bytes) -> None:
    with pytest.raises(DataError, match="columns' names"):
        list(CSV.split(io.BytesIO(raw), "x.csv", 5))


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert column(batches(CSV, b"\xef\xbb\xbfa,b\n1,2\n", ["a"]), "a") == [1.0]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="no column 'z'; the file has 'a'"):
        batches(CSV, b"a\n1\n", ["z"])


@pytest.mark.parametrize("more", [b"", b"0.5\n", b"text\n", b"1,2\n"])
def test_integers_that_float64_lacks_stay_as_they_are(more: bytes) -> None:
    found = column(batches(CSV, b"a\n9007199254740993\n-9007199254740993\n" + more, ["a"], batch_rows=3), "a")
    assert found[:2] == [9007199254740993, -9007199254740993]
