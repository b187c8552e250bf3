"""Values that a client lets go of, in the same message that reads them for the last time."""

from __future__ import annotations

from collections.abc import Sequence

from telegrad_proto.ir import Buffer, Value
from telegrad_proto.v1 import session_pb2


def release(
    ids: Sequence[int],
    fragment: session_pb2.Fragment,
    names: dict[int, Value],
    buffers: dict[int, Buffer],
) -> list[Buffer]:
    """Forgets values; returns the arrays of those that the fragment itself reads.

    They are to be held until that is computed. A value that was computed is gone with its name, and would be
    computed again, with all that it is made of: a recurrent network that goes on with its last state would go
    over all earlier steps each time.

    Args:
        ids: what is released; each is in `names`.
        fragment: the message.
        names: the session's live values by id.
        buffers: the arrays that live ids hold.
    """
    computed: dict[int, Buffer] = {}
    for id_ in ids:
        value, buffer = names.pop(id_), buffers.pop(id_, None)
        value.held = False
        if buffer is not None and value.leaf is None:  # a leaf's nodes hold its array themselves
            computed[id_] = buffer
    if not computed:
        return []
    read = {id_ for node in fragment.nodes for id_ in node.inputs}
    read.update(id_ for request in fragment.backwards for id_ in request.cotangents)
    return [buffer for id_, buffer in computed.items() if id_ in read]
