"""Snapshots of sessions in a folder or an object store: whatever fsspec has a name for.

    KEY/epoch-00000003/claim                  who took the session up, and from which snapshot
    KEY/epoch-00000003/000000001234.snapshot  the session up to fragment 1234
    KEY/epoch-00000003/blobs/DIGEST           an array

Each epoch's owner writes into its own folder only. A worker that lost its session without knowing it goes on
to write into the older one, where nobody looks any more: which snapshot an epoch starts from stands in its
claim, which is made once and by one only.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import fsspec
from google.protobuf.message import DecodeError

from telegrad_proto.errors import PayloadError, VersionError
from telegrad_proto.opset import OPSET
from telegrad_proto.v1 import snapshot_pb2
from telegrad_server import object_store
from telegrad_server.failpoints import reach

object_store.register()

#: Of the format in which snapshots are stored.
FORMAT: Final = 1

Blob = tuple[snapshot_pb2.StoredArray, Callable[[], memoryview]]


class SnapshotStore:
    """The snapshots of all sessions; workers share it. Safe to use from any thread.

    Args:
        url: a folder, or a URL that fsspec knows: `s3://bucket/prefix`, `memory://name`.

    Raises:
        ValueError: nothing is known to read such a URL with.
    """

    def __init__(self, url: str) -> None:
        try:
            fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ValueError(f"snapshots at {url}: {error}") from error
        self.url: Final = url
        self._fs: Final[Any] = fs
        self._root: Final = root.rstrip("/")
        self._local: Final = "file" in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,))
        self._lock: Final = threading.Lock()
        self._written: Final[dict[str, set[bytes]]] = {}  # digests of the blobs of an epoch's folder

    def newest_claim(self, key: str) -> tuple[int, snapshot_pb2.StoredClaim] | None:
        """The last epoch of a session, and who it belongs to; None where nothing is stored."""
        epoch = max(self._epochs(key), default=0)
        if not epoch:
            return None
        return epoch, snapshot_pb2.StoredClaim.FromString(
            self._fs.cat_file(f"{self._folder(key, epoch)}/claim")
        )

    def claim(self, key: str, epoch: int, claim: snapshot_pb2.StoredClaim) -> None:
        """Makes the epoch the claim's.

        Raises:
            FileExistsError: it is somebody else's.
        """
        reach("snapshot_before_claim")
        folder = self._folder(key, epoch)
        self._fs.makedirs(folder, exist_ok=True)
        raw = claim.SerializeToString()
        try:
            with self._fs.open(f"{folder}/claim", "xb") as file:
                file.write(raw)
        except (ValueError, NotImplementedError):
            # An object store has no such mode: it creates where there is nothing, as strictly as it can.
            self._fs.pipe_file(f"{folder}/claim", raw, mode="create")

    def newest_snapshot(self, key: str) -> tuple[int, int] | None:
        """Epoch and fragment of the snapshot from which the next epoch starts; None where there is none."""
        found = self.newest_claim(key)
        if found is None:
            return None
        epoch, claim = found
        seqs = self._seqs(key, epoch)
        if seqs:
            return epoch, seqs[-1]
        return (claim.base_epoch, claim.base_seq) if claim.base_epoch else None

    def load(self, key: str, epoch: int, seq: int) -> snapshot_pb2.Snapshot:
        """A snapshot, without the bytes of its arrays.

        Raises:
            PayloadError: what is stored there is none.
            VersionError: another version stored it.
            OSError: it cannot be read.
        """
        raw = self._fs.cat_file(self._path(key, epoch, seq))
        try:
            snapshot = snapshot_pb2.Snapshot.FromString(raw)
        except DecodeError:
            raise PayloadError(f"snapshot {seq} of session {key} is damaged") from None
        if snapshot.format != FORMAT or snapshot.opset_digest != OPSET.digest:
            raise VersionError(
                f"snapshot {seq} of session {key} was stored by another version of telegrad: only that one "
                "goes on with it; for a new session take another name"
            )
        return snapshot

    def read(self, key: str, epoch: int, digest: bytes) -> bytes:
        """The bytes of an array of a snapshot."""
        data: bytes = self._fs.cat_file(f"{self._folder(key, epoch)}/blobs/{digest.hex()}")
        return data

    def save(self, snapshot: snapshot_pb2.Snapshot, blobs: Iterable[Blob]) -> int:
        """Stores a snapshot: its arrays, as far as they are not there, and then what names them.

        Args:
            snapshot: with key, epoch and seq; its arrays are added here.
            blobs: what stands for each array, and how to get its bytes.

        Returns:
            how many bytes were written.

        Raises:
            OSError: the store cannot be reached, or is full. What was there stays as it was.
        """
        folder = self._folder(snapshot.key, snapshot.epoch)
        with self._lock:
            written = self._written.setdefault(folder, set())
        total = 0
        self._fs.makedirs(f"{folder}/blobs", exist_ok=True)
        for message, data in blobs:
            snapshot.graph.arrays.append(message)
            if message.digest not in written:
                self._write(f"{folder}/blobs/{message.digest.hex()}", bytes(data()))
                written.add(message.digest)
                total += message.size_bytes
        snapshot.format, snapshot.opset_digest = FORMAT, OPSET.digest
        raw = snapshot.SerializeToString()
        reach("snapshot_before_manifest")
        self._write(self._path(snapshot.key, snapshot.epoch, snapshot.seq), raw)
        reach("snapshot_after_manifest")
        return total + len(raw)

    def prune(self, key: str, epoch: int, keep: int = 2) -> None:
        """Drops what no later epoch can start from: older epochs, and all but the last snapshots of this one.

        Two are kept: a worker that lost its session unawares, and stops between asking and dropping, must not
        take away the one from which the session goes on.
        """
        reach("snapshot_before_prune")
        for older in self._epochs(key):
            if older < epoch:
                self._drop(self._folder(key, older))
        folder = self._folder(key, epoch)
        seqs = self._seqs(key, epoch)
        gone, kept = seqs[:-keep], seqs[-keep:]
        if not gone:
            return
        needed = {array.digest for seq in kept for array in self.load(key, epoch, seq).graph.arrays}
        for seq in gone:
            self._drop(self._path(key, epoch, seq))
        with self._lock:
            written = self._written.setdefault(folder, set())
        for path in self._list(f"{folder}/blobs"):
            name = path.rpartition("/")[2]
            if ".part-" in name or bytes.fromhex(name) not in needed:
                self._drop(path)
        written &= needed

    def forget(self, key: str) -> None:
        """Drops all of a session."""
        self._drop(f"{self._root}/{key}")
        with self._lock:
            for folder in [f for f in self._written if f.startswith(f"{self._root}/{key}/")]:
                del self._written[folder]

    def let_go(self, key: str, epoch: int) -> None:
        """This worker writes no more of the session in this epoch."""
        with self._lock:
            self._written.pop(self._folder(key, epoch), None)

    def sweep(self, older_than_s: float) -> list[str]:
        """Drops the sessions that nobody has written to for so long; their keys."""
        dropped = []
        for folder in self._list(self._root):
            key = folder.rpartition("/")[2]
            newest = self.newest_snapshot(key)
            epochs = self._epochs(key)
            paths = [f"{self._folder(key, epoch)}/claim" for epoch in epochs[-1:]]
            paths += [self._path(key, *newest)] if newest else []
            modified = max((self._fs.modified(path).timestamp() for path in paths), default=0.0)
            if modified < time.time() - older_than_s:
                self.forget(key)
                dropped.append(key)
        return dropped

    def _folder(self, key: str, epoch: int) -> str:
        return f"{self._root}/{key}/epoch-{epoch:08d}"

    def _path(self, key: str, epoch: int, seq: int) -> str:
        return f"{self._folder(key, epoch)}/{seq:012d}.snapshot"

    def _epochs(self, key: str) -> list[int]:
        """The epochs that were claimed."""
        names = [path.rpartition("/")[2] for path in self._list(f"{self._root}/{key}")]
        found = sorted(int(name.removeprefix("epoch-")) for name in names if name.startswith("epoch-"))
        # Only the last can be one that is just being claimed.
        if found and not self._fs.exists(f"{self._folder(key, found[-1])}/claim"):
            found.pop()
        return found

    def _seqs(self, key: str, epoch: int) -> list[int]:
        names = [path.rpartition("/")[2] for path in self._list(self._folder(key, epoch))]
        return sorted(int(name.removesuffix(".snapshot")) for name in names if name.endswith(".snapshot"))

    def _list(self, folder: str) -> list[str]:
        self._fs.invalidate_cache()
        try:
            return [str(path) for path in self._fs.ls(folder, detail=False)]
        except FileNotFoundError:
            return []

    def _drop(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm(path, recursive=True)

    def _write(self, path: str, data: bytes) -> None:
        """The whole file, or none: object stores do so by themselves, a folder by renaming."""
        if not self._local:
            self._fs.pipe_file(path, data)
            return
        part = f"{path}.part-{secrets.token_hex(4)}"
        try:
            self._fs.pipe_file(part, data)
            self._fs.mv(part, path)
        except OSError:
            self._drop(part)
            raise
