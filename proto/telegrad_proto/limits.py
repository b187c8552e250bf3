"""Bounds on what a message may ask for, each with its reason. Checked before anything is allocated."""

from __future__ import annotations

from typing import Final

#: NumPy's own bound is 64, CuPy's 32: what runs on one must run on the other.
MAX_RANK: Final = 32

#: No dimension beyond what a signed 64-bit index can count twice over (strides are products of dimensions).
MAX_DIM: Final = 2**62

#: The product of dimensions, zeros counted as ones: signed 64-bit byte offsets of the widest element (16
#: bytes) must not overflow.
MAX_ELEMENTS: Final = 2**63 // 16 - 1

#: Nodes in one fragment. A client flushes far earlier; the bound keeps one message from holding a stream for
#: long.
MAX_FRAGMENT_NODES: Final = 100_000

#: Leaves, fetches and demands in one fragment.
MAX_FRAGMENT_ENTRIES: Final = 100_000

#: Backward requests in one fragment: each walks through the graph behind its roots.
MAX_FRAGMENT_BACKWARDS: Final = 1_000

#: Nodes that the backward passes of one fragment, and those not computed yet, go through together: each node
#: becomes a few more when the pass is expanded, some 500 bytes each.
MAX_BACKWARD_NODES: Final = 1_000_000

#: Inputs of one node: stack and concatenate of a long Python list are the only wide ones.
MAX_INPUTS: Final = 65_536

#: Elements of one list attribute, and characters of a text one.
MAX_ATTR_ITEMS: Final = 65_536
MAX_ATTR_TEXT: Final = 1_024

#: Ids of values: positive signed 64-bit numbers, so that adding a few to one stays within the wire's 64 bits.
MAX_VALUE_ID: Final = 2**63 - 1

#: Live ids in one session.
MAX_LIVE_VALUES: Final = 4_000_000

#: gRPC's own default; a guard, not a target. Larger arrays travel in chunks.
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024

#: Arrays up to this size travel inside fragments and outcomes, larger ones by Put and Get.
INLINE_BYTES: Final = 64 * 1024

#: All inline leaves of one fragment together; the client starts a new fragment, or a Put, beyond.
MAX_INLINE_TOTAL_BYTES: Final = 2 * 1024 * 1024

#: Chunks of Put and Get: 256 KiB to 2 MiB measured fastest, and small enough not to stall other calls on the
#: connection.
CHUNK_BYTES: Final = 1024 * 1024

#: Bytes of one payload.
MAX_PAYLOAD_BYTES: Final = 16 * 1024**3

#: Outcomes that a server keeps for a client that asks again; the client never has more fragments unanswered.
OUTCOME_WINDOW: Final = 64

#: Bytes of a session's recorded outcomes.
OUTCOME_WINDOW_BYTES: Final = 16 * 1024 * 1024

#: Bytes of a serialized program; protobuf's own bound on a message is 2 GiB.
MAX_PROGRAM_BYTES: Final = 512 * 1024**2

#: Nodes of a program, and its inputs and outputs.
MAX_PROGRAM_NODES: Final = 200_000
MAX_PROGRAM_ENTRIES: Final = 20_000

#: How deep the trees of a program's arguments and results are nested: both sides walk them by recursion.
MAX_TREE_DEPTH: Final = 32

#: Bytes of all arrays of one call of a program, on the way in; a batch that is larger is cut in slices.
MAX_CALL_BYTES: Final = 1024**3
