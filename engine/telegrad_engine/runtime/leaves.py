"""Arrays that come from a client: inline in a fragment, or put before and named by their digest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from telegrad_engine.runtime.evaluate import Device
from telegrad_engine.runtime.store import PayloadStore
from telegrad_proto.codec import decode_leaf
from telegrad_proto.errors import OutOfMemoryError, PayloadError, TelegradError
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
            if data is not None:
                return spec, self._loaded(data, spec)
            digest = leaf.digest
            known = self._payloads.buffers.get((digest, spec))
            if known is None:
                known = self._loaded(self._payload(digest, spec), spec)
                self._payloads.buffers[digest, spec] = known
            return spec, known
        except TelegradError as error:
            error.details.setdefault("node", leaf.id)
            raise

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
        ledger, limit = self._device.ledger, self._device.limit_bytes
        if limit and ledger.held_bytes + spec.nbytes > limit:
            raise OutOfMemoryError(
                f"leaf: the session may hold {limit} bytes, holds {ledger.held_bytes}, "
                f"needs {spec.nbytes} more"
            )
        return Buffer(self._device.backend.from_bytes(data, spec), spec.nbytes, ledger)
