"""Files by path and URL: found in order, allowed or not, written whole."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from telegrad_proto.errors import AccessError, DataError
from telegrad_server.jobs import files
from telegrad_server.jobs.files import Roots


def _names(found: list) -> list[str]:
    return [file.url.rpartition("/")[2] for file in found]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("b.csv", "a.csv", "c.npy", ".hidden.csv", "_SUCCESS"):
        (tmp_path / name).write_text(name)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "d.csv").write_text("d")
    return tmp_path


def test_a_glob_is_sorted_and_a_list_keeps_its_order(data: Path) -> None:
    assert _names(files.expand([f"{data}/*.csv"], Roots())) == ["a.csv", "b.csv"]
    assert _names(files.expand([f"{data}/c.npy", f"{data}/[ab].csv"], Roots())) == ["c.npy", "a.csv", "b.csv"]
    assert _names(files.expand([f"file://{data}/**/*.csv"], Roots()))[-1] == "d.csv"


def test_a_folder_is_its_visible_files(data: Path) -> None:
    (data / "_temporary").mkdir()
    (data / "_temporary" / "e.csv").write_text("e")
    assert _names(files.expand([str(data)], Roots())) == ["a.csv", "b.csv", "c.npy", "d.csv"]
    assert _names(files.expand([f"{data}/inner/"], Roots())) == ["d.csv"]


@pytest.mark.parametrize("pattern", ["nothing.csv", "no*.csv", "nowhere/x.csv"])
def test_what_is_not_there_is_said(data: Path, pattern: str) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        files.expand([f"{data}/{pattern}"], Roots())


def test_an_unknown_file_system_is_said() -> None:
    with pytest.raises(DataError, match="nosuch"):
        files.expand(["nosuch://bucket/x.csv"], Roots())


def test_other_file_systems_work_the_same() -> None:
    memory = fsspec.filesystem("memory")
    try:
        files.write("memory://jobs-test/a/x.bin", b"12345")
        assert files.read("memory://jobs-test/a/x.bin") == b"12345"
        assert files.names("memory://jobs-test/a") == ["x.bin"]
        (found,) = files.expand(["memory://jobs-test/a/*.bin"], Roots(["memory://jobs-test"]))
        assert found.size_bytes == 5
        files.check_unchanged(found)
        with files.opened(found.url) as file:
            assert file.read() == b"12345"
    finally:
        memory.rm("/jobs-test", recursive=True)


def test_only_what_lies_below_a_root_is_allowed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "x.csv").write_text("x")
    (data / "link.csv").symlink_to(elsewhere / "x.csv")
    roots = Roots([str(data)])
    assert roots.check(f"{data}/new/output") == f"{data}/new/output"
    for outside in (
        f"{elsewhere}/x.csv",
        f"{data}/../x.csv",
        f"{data}-beside/x.csv",
        f"file://{elsewhere}/x.csv",
        "http://127.0.0.1/x.csv",
        "s3://bucket/x.csv",
        f"simplecache::file://{data}/a.csv",
        "zip://a.csv::http://127.0.0.1/x.zip",
    ):
        with pytest.raises(AccessError):
            roots.check(outside)
    with pytest.raises(AccessError):
        files.expand([f"{data}/*.csv"], roots)  # the link leads out


def test_roots_may_be_urls() -> None:
    roots = Roots(["s3://bucket/mine"])
    roots.check("s3://bucket/mine/x.csv")
    for outside in (
        "s3://bucket/other/x.csv",
        "s3://bucket/mine-too/x.csv",
        "s3://bucket/mine/../other/x.csv",
    ):
        with pytest.raises(AccessError):
            roots.check(outside)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "x.bin"
    files.write(str(target), b"old")

    def fails(file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        files.write_with(str(target), fails)
    assert target.read_bytes() == b"old"
    assert files.names(str(target.parent)) == ["x.bin"]
    assert [p.name for p in target.parent.iterdir()] == ["x.bin"]


def test_a_changed_file_is_noticed(data: Path) -> None:
    (found,) = files.expand([f"{data}/a.csv"], Roots())
    files.check_unchanged(found)
    (data / "a.csv").write_text("something else")
    with pytest.raises(DataError, match="has changed"):
        files.check_unchanged(found)
    (data / "a.csv").unlink()
    with pytest.raises(DataError):
        files.check_unchanged(found)


def test_what_is_not_there_reads_as_nothing(tmp_path: Path) -> None:
    assert files.read(f"{tmp_path}/none") is None
    assert files.names(f"{tmp_path}/none") == []
    with pytest.raises(DataError), files.opened(f"{tmp_path}/none"):
        pass


def test_a_removed_file_is_gone(tmp_path: Path) -> None:
    files.write(f"{tmp_path}/x", b"")
    files.remove(f"{tmp_path}/x")
    assert files.read(f"{tmp_path}/x") is None
