"""Files by path or URL: found, opened, written whole or not at all, and only where the server allows it."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Final, cast

import fsspec
from fsspec.core import url_to_fs

from telegrad_proto.errors import AccessError, DataError
from telegrad_proto.v1 import job_pb2
from telegrad_server import object_store

object_store.register()

#: What a glob is known by; fsspec's own test takes "?" in a URL's query for one.
_WILD: Final = "*[?"


class Roots:
    """Where jobs may read and write.

    Args:
        roots: folders and URLs; whatever lies below one is allowed. Empty: everything that this process can
            reach, which is right only where the process's owner is the only client.
    """

    def __init__(self, roots: Sequence[str] = ()) -> None:
        self._roots = tuple(_canonical(root).rstrip("/") for root in roots)

    def check(self, url: str) -> str:
        """The URL itself, where it is allowed.

        Raises:
            AccessError: it lies below none of the roots.
        """
        if not self._roots:
            return url
        place = _canonical(url)
        if not any(place == root or place.startswith(root + "/") for root in self._roots):
            allowed = ", ".join(self._roots)
            raise AccessError(
                f"{url}: jobs on this server may use what lies below {allowed}, and nothing else"
            )
        return url


def _canonical(url: str) -> str:
    """One spelling for a place, without `..`, links followed where the system can."""
    if "::" in url:
        raise AccessError(f"{url}: a chain of file systems is not allowed here")
    protocol, _, path = url.rpartition("://")
    if protocol in ("", "file", "local"):
        return os.path.realpath(path)
    if ".." in PurePosixPath(path).parts:
        raise AccessError(f"{url}: requires a URL without '..'")
    return f"{protocol}://{path.lstrip('/')}"


def join(folder: str, *names: str) -> str:
    """The path or URL of something in a folder."""
    return "/".join((folder.rstrip("/"), *names))


def expand(patterns: Sequence[str], roots: Roots) -> list[job_pb2.DataFile]:
    """The files that paths, globs and URLs mean: in their order, those of one glob or folder,
    with the folders in it, by name.

    Raises:
        DataError: one means no file, or its file system is unknown or cannot be reached.
        AccessError: one lies where jobs may not read.
    """
    found: list[job_pb2.DataFile] = []
    for pattern in patterns:
        with _said(pattern):
            fs, path = url_to_fs(roots.check(pattern))
            if any(sign in path for sign in _WILD):
                paths = sorted(p for p in fs.glob(path) if fs.isfile(p) and not _named(p).startswith("."))
            elif fs.isdir(path):
                paths = sorted(p for p in fs.find(path) if not _hidden(p, path))
            else:
                paths = [path] if fs.exists(path) else []
            if not paths:
                raise DataError(f"data: {pattern}: there is no such file", path=pattern)
            found += [_described(fs, p) for p in paths]
    for file in found:
        roots.check(file.url)  # a link below a root may lead elsewhere
    return found


def _hidden(path: str, folder: str) -> bool:
    """Whether the name, or that of a folder on the way, says that this is no data."""
    way = path.removeprefix(folder).strip("/").split("/")
    return any(name.startswith((".", "_")) for name in way)


def _named(path: str) -> str:
    return PurePosixPath(path).name


def _described(fs: Any, path: str) -> job_pb2.DataFile:
    info = fs.info(path)
    version = next(
        (str(info[k]) for k in ("ETag", "etag", "mtime", "LastModified", "created") if k in info), ""
    )
    return job_pb2.DataFile(url=fs.unstrip_protocol(path), size_bytes=info["size"] or 0, version=version)


def check_unchanged(file: job_pb2.DataFile) -> None:
    """Nothing, where the file is what it was when the job was planned.

    Raises:
        DataError: it is not, and shards of before and after would not belong together.
    """
    with _said(file.url):
        fs, path = url_to_fs(file.url)
        fs.invalidate_cache()
        now = _described(fs, path)
    if (now.size_bytes, now.version) != (file.size_bytes, file.version):
        raise DataError(
            f"{file.url}: the file has changed since the job was planned; submit the job again", path=file.url
        )


@contextmanager
def opened(url: str) -> Iterator[BinaryIO]:
    """The file, for reading at any place.

    Raises:
        DataError: it cannot be opened.
    """
    with _said(url):
        file = fsspec.open(url, "rb").open()
    with file:
        yield cast(BinaryIO, file)


def read(url: str) -> bytes | None:
    """What the file holds, or None where there is none."""
    fs, path = url_to_fs(url)
    try:
        return bytes(fs.cat_file(path))
    except FileNotFoundError:
        return None


def write(url: str, data: bytes) -> None:
    """Writes a small file whole: who reads it meanwhile finds the old one, or none."""
    write_with(url, lambda file: file.write(data))


def write_with(url: str, fill: Callable[[IO[bytes]], object]) -> None:
    """Has a file filled and then put in its place, whole. What fails on the way leaves nothing behind.

    A local file is moved there from beside it; an object store shows an object only when it is complete.
    """
    fs, path = url_to_fs(url)
    if "file" in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,)):
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
        try:
            with beside.open("xb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
        return
    with tempfile.TemporaryFile() as spool:
        fill(spool)
        spool.seek(0)
        with fs.open(path, "wb") as remote:
            while block := spool.read(1 << 20):
                remote.write(block)


def remove(url: str) -> None:
    """Removes a file.

    Raises:
        OSError: it is not there, or stays.
    """
    fs, path = url_to_fs(url)
    fs.rm_file(path)


def names(folder: str) -> list[str]:
    """The names of a folder's files, sorted; none where there is no folder."""
    fs, path = url_to_fs(folder)
    fs.invalidate_cache()
    try:
        entries = fs.ls(path, detail=False)
    except FileNotFoundError:
        return []
    return sorted(name for e in entries if not (name := PurePosixPath(e).name).startswith("."))


@contextmanager
def _said(url: str) -> Iterator[None]:
    """Errors of file systems, as one that names the URL."""
    try:
        yield
    except (OSError, ValueError, ImportError) as error:
        if isinstance(error, (DataError, AccessError)):
            raise
        raise DataError(f"{url}: {str(error) or type(error).__name__}", path=url) from error
