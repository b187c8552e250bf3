"""`s3://` URLs, against as much of S3 as is needed."""

from __future__ import annotations

from collections.abc import Iterator

import fsspec
import pytest
from fsspec.core import url_to_fs

from tests.server.buckets import buckets


@pytest.fixture
def endpoint() -> Iterator[None]:
    with buckets():
        yield


def test_objects_are_written_found_read_and_removed(endpoint: None) -> None:
    large = bytes(range(256)) * 50_000  # more than one part of an upload
    for name, data in (("one.bin", b"one"), ("two.bin", large)):
        with fsspec.open(f"s3://data/below/{name}", "wb") as file:
            file.write(data)
    fs, path = url_to_fs("s3://data/below")
    assert fs.unstrip_protocol(path) == "s3://data/below"
    assert sorted(fs.glob("s3://data/below/*.bin")) == ["data/below/one.bin", "data/below/two.bin"]
    assert (fs.isdir(path), fs.isfile(path), fs.exists("data/nothing")) == (True, False, False)
    with fsspec.open("s3://data/below/two.bin", "rb") as file:
        file.seek(5_000_000)
        assert file.read(10) == large[5_000_000:5_000_010]
    assert fs.cat_file("data/below/one.bin") == b"one"
    fs.rm_file("data/below/one.bin")
    assert not fs.exists("data/below/one.bin")
