"""Arrays that come from a client: inline in a fragment, or put before and named by their digest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from telegrad_engine.runtime.device import Device
from telegrad_engine.runtime.store import PayloadStore
from telegrad_proto.codec import decode_leaf
from telegrad_proto.errors import PayloadError, TelegradError
from telegrad_proto.ir import Buffer
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import graph_pb2


class LeafMaker:
    """Makes the arrays of leaves on a device.

    Args:
        device: where, and how much the session may hold.
        payloads: what the client put.
    """

    def __init__(self, device: Device, payloads: PayloadStore) -> None:
        self._device: Final = device
        self._payloads: Final = payloads

    def make(self, leaf: graph_pb2.Leaf) -> tuple[Spec, Buffer]:
        """What a leaf is, and its array.

        Raises:
            GraphError: its spec is none.
            PayloadError: its bytes do not fit the spec, or were never put.
            OutOfMemoryError: the session may not hold so much.
        """
        spec, data = decode_leaf(leaf)
        try:
            return spec, self._put_before(spec, leaf.digest) if data is None else self._loaded(data, spec)
        except TelegradError as error:
            error.details.setdefault("node", leaf.id)
            raise

    def filled(self, spec: Spec, content: graph_pb2.Leaf) -> Buffer:
        """The array of a leaf whose spec is known.

        Raises:
            PayloadError: the bytes do not fit the spec, or were never put.
            OutOfMemoryError: the session may not hold so much.
        """
        data = content.data
        if not data and content.digest:
            return self._put_before(spec, content.digest)
        if len(data) != spec.nbytes or content.id or content.HasField("spec"):
            raise PayloadError(f"leaf: requires {spec.nbytes} bytes of {spec!r} alone, got {len(data)}")
        return self._loaded(data, spec)

    def _put_before(self, spec: Spec, digest: bytes) -> Buffer:
        known = self._payloads.buffers.get((digest, spec))
        if known is None:
            known = self._loaded(self._payload(digest, spec), spec)
            self._payloads.buffers[digest, spec] = known
        return known

    def used(self, leaves: Iterable[graph_pb2.Leaf]) -> None:
        """These leaves are in the session: payloads behind them may be dropped when room is needed."""
        for leaf in leaves:
            if leaf.digest:
                self._payloads.use(leaf.digest)

    def _payload(self, digest: bytes, spec: Spec) -> memoryview:
        data = self._payloads.find(digest)
        if data is None:
            raise PayloadError(f"leaf: no payload of digest {digest.hex()[:16]} was put")
        if len(data) != spec.nbytes:
            raise PayloadError(f"leaf: {spec!r} has {spec.nbytes} bytes, its payload {len(data)}")
        return data

    def _loaded(self, data: bytes | memoryview, spec: Spec) -> Buffer:
        device = self._device
        device.check_room(spec.nbytes, "leaf")
        return Buffer(device.backend.from_bytes(data, spec), spec.nbytes, device.ledger)
