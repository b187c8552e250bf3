"""`s3://` URLs, against as much of S3 as is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.core import url_to_fs

from telegrad_server import object_store

SERVER = Path(__file__).resolve().parents[1] / "integration" / "object_store.py"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    command = [sys.executable, str(SERVER), "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{process.stdout.readline().split()[-1]}")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
            monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
            object_store.register()
            object_store.S3.clear_instance_cache()
            yield
        finally:
            object_store.S3.clear_instance_cache()
            process.kill()


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
