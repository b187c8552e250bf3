"""Snapshots in a folder, in memory and in an object store: whole or not at all, pruned, fenced by claims."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from telegrad_proto.errors import PayloadError, VersionError
from telegrad_proto.payload import digest_of
from telegrad_proto.v1 import snapshot_pb2
from telegrad_server.worker.store import Blob, SnapshotStore
from tests.server.buckets import buckets

KEY = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def object_store() -> Iterator[None]:
    with buckets():
        fsspec.filesystem("s3").mkdir("snapshots")
        yield


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SnapshotStore:
    if request.param == "folder":
        return SnapshotStore(str(tmp_path))
    if request.param == "s3":
        request.getfixturevalue("object_store")
        return SnapshotStore(f"s3://snapshots{tmp_path}")
    return SnapshotStore(f"memory://{tmp_path}")


def claim(client_id: bytes = b"me", base: tuple[int, int] = (0, 0)) -> snapshot_pb2.StoredClaim:
    return snapshot_pb2.StoredClaim(worker="w", client_id=client_id, base_epoch=base[0], base_seq=base[1])


def blob(data: bytes) -> Blob:
    message = snapshot_pb2.StoredArray(digest=digest_of(data), size_bytes=len(data))
    return message, lambda: memoryview(data)


def save(store: SnapshotStore, epoch: int, seq: int, *blobs: bytes) -> int:
    snapshot = snapshot_pb2.Snapshot(key=KEY, epoch=epoch, seq=seq)
    return store.save(snapshot, [blob(data) for data in blobs])


def test_nothing_is_stored_at_first(store: SnapshotStore) -> None:
    assert store.newest_claim(KEY) is None
    assert store.newest_snapshot(KEY) is None
    assert store.sweep(0) == []
    store.forget(KEY)


def test_a_snapshot_comes_back(store: SnapshotStore) -> None:
    store.claim(KEY, 1, claim())
    save(store, 1, 7, b"one", b"two")
    assert store.newest_snapshot(KEY) == (1, 7)
    snapshot = store.load(KEY, 1, 7)
    assert snapshot.seq == 7
    assert [store.read(KEY, 1, array.digest) for array in snapshot.graph.arrays] == [b"one", b"two"]


def test_an_object_store_takes_snapshots(object_store: None) -> None:
    store = SnapshotStore("s3://snapshots/quick")
    store.claim(KEY, 1, claim())
    with pytest.raises(FileExistsError):
        store.claim(KEY, 1, claim(b"you"))
    for seq in (3, 5, 7):
        save(store, 1, seq, b"kept", bytes([seq]) * 2)
    store.prune(KEY, 1)
    assert store.newest_snapshot(KEY) == (1, 7)
    arrays = store.load(KEY, 1, 5).graph.arrays
    assert [store.read(KEY, 1, array.digest) for array in arrays] == [b"kept", b"\5\5"]
    with pytest.raises(FileNotFoundError):
        store.load(KEY, 1, 3)
    assert store.sweep(100) == []
    store.forget(KEY)
    assert store.newest_claim(KEY) is None


def test_an_array_is_written_once(store: SnapshotStore) -> None:
    large = bytes(100_000)
    assert save(store, 1, 1, large) > 100_000
    assert save(store, 1, 2, large, b"new") < 1_000


def test_an_epoch_is_claimed_once(store: SnapshotStore) -> None:
    store.claim(KEY, 1, claim())
    with pytest.raises(FileExistsError):
        store.claim(KEY, 1, claim(b"you"))
    store.claim(KEY, 2, claim(b"you"))
    newest = store.newest_claim(KEY)
    assert newest is not None
    assert (newest[0], newest[1].client_id) == (2, b"you")


def test_what_a_stale_worker_stores_later_counts_for_nothing(store: SnapshotStore) -> None:
    store.claim(KEY, 1, claim())
    save(store, 1, 5)
    store.claim(KEY, 2, claim(base=(1, 5)))
    save(store, 1, 9)
    assert store.newest_snapshot(KEY) == (1, 5)
    save(store, 2, 6)
    assert store.newest_snapshot(KEY) == (2, 6)


def test_pruning_keeps_what_the_next_epoch_may_start_from(store: SnapshotStore) -> None:
    store.claim(KEY, 1, claim())
    save(store, 1, 1, b"old")
    store.claim(KEY, 2, claim(base=(1, 1)))
    for seq in range(2, 6):
        save(store, 2, seq, b"all of them", b"%d" % seq)
    store.prune(KEY, 2)
    with pytest.raises(FileNotFoundError):
        store.load(KEY, 1, 1)
    with pytest.raises(FileNotFoundError):
        store.load(KEY, 2, 3)
    for seq in (4, 5):
        found = [store.read(KEY, 2, array.digest) for array in store.load(KEY, 2, seq).graph.arrays]
        assert found == [b"all of them", b"%d" % seq]
    with pytest.raises(FileNotFoundError):
        store.read(KEY, 2, digest_of(b"3"))
    assert save(store, 2, 6, b"3") > 1, "it is written again"
    assert store.read(KEY, 2, digest_of(b"3")) == b"3"


def test_what_is_forgotten_is_gone(store: SnapshotStore) -> None:
    store.claim(KEY, 1, claim())
    save(store, 1, 1, b"x")
    store.forget(KEY)
    assert store.newest_claim(KEY) is None
    store.claim(KEY, 1, claim())
    save(store, 1, 1, b"x")
    assert store.read(KEY, 1, digest_of(b"x")) == b"x"


def test_what_nobody_wants_is_swept(store: SnapshotStore) -> None:
    store.claim(KEY, 1, claim())
    save(store, 1, 1, b"x")
    assert store.sweep(100) == []
    assert store.sweep(-100) == [KEY]
    assert store.newest_claim(KEY) is None


def test_what_is_damaged_or_of_another_version_is_refused(store: SnapshotStore) -> None:
    save(store, 1, 1)
    fs, root = fsspec.core.url_to_fs(store.url)
    path = f"{root}/{KEY}/epoch-00000001/{1:012d}.snapshot"
    fs.pipe_file(path, b"\xff\xff")
    with pytest.raises(PayloadError, match="damaged"):
        store.load(KEY, 1, 1)
    fs.pipe_file(path, snapshot_pb2.Snapshot(format=99).SerializeToString())
    with pytest.raises(VersionError):
        store.load(KEY, 1, 1)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SnapshotStore(str(tmp_path))
    store.claim(KEY, 1, claim())
    save(store, 1, 1, b"first")
    mv = store._fs.mv

    def full(source: str, target: str) -> None:
        if target.endswith(".snapshot"):
            raise OSError(28, "No space left on device")
        mv(source, target)

    monkeypatch.setattr(store._fs, "mv", full)
    with pytest.raises(OSError, match="No space"):
        save(store, 1, 2, b"second")
    monkeypatch.undo()
    assert store.newest_snapshot(KEY) == (1, 1)
    assert not [name for _, _, names in os.walk(tmp_path) for name in names if ".part-" in name]


def test_a_url_that_nothing_reads() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        SnapshotStore("nonsense://x")
