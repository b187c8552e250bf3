"""Makes room: what is in memory and can be computed again is let go of, the large and cheap first."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from threading import RLock

from telegrad_engine.grad.residuals import residuals_of
from telegrad_engine.plan.gradient import GRADIENT
from telegrad_engine.plan.worth import by_worth, cost
from telegrad_engine.runtime.inspect import nodes_behind
from telegrad_proto.ir import Buffer, Node, Value


def relieve(
    names: Mapping[int, Value], buffers: MutableMapping[int, Buffer], lock: RLock, needed_bytes: int
) -> int:
    """The bytes that were let go of: at least as many as are needed, or all that can be computed again.

    Args:
        names: the values that the client can still name; everything that is kept is behind them.
        buffers: the arrays that live ids hold; those that go are taken out.
        lock: held while the session changes; while another thread has it nothing is let go of.
        needed_bytes: how much room there should be.
    """
    if not lock.acquire(blocking=False):
        return 0
    try:
        return _relieve(list(names.values()), buffers, needed_bytes)
    finally:
        lock.release()


def _relieve(live: Sequence[Value], buffers: MutableMapping[int, Buffer], needed_bytes: int) -> int:
    nodes = nodes_behind(live)
    found: dict[int, tuple[int, float]] = {}
    for value in (*live, *[v for node in nodes if node.saved for v in residuals_of(node)]):
        buffer, maker = value.buffer, value.node
        if buffer is not None and maker is not None and maker.op is not GRADIENT:
            found[id(buffer)] = buffer.nbytes, _worth(maker, buffer.nbytes)
    keys = list(found)
    gone: set[int] = set()
    freed = 0
    for place in reversed(by_worth([found[key][1] for key in keys])):
        if freed >= needed_bytes:
            break
        gone.add(keys[place])
        freed += found[keys[place]][0]
    for node in nodes:
        if any(id(buffer) in gone for buffer in node.saved):
            node.saved = tuple([buffer for buffer in node.saved if id(buffer) not in gone])
            node.dropped = True
    for id_ in [id_ for id_, buffer in buffers.items() if id(buffer) in gone]:
        del buffers[id_]
    return freed


def _worth(maker: Node, size_bytes: int) -> float:
    spent = cost(maker.op, [v.spec for v in maker.inputs], maker.specs, maker.attrs)
    return spent / max(size_bytes, 1)
