"""Cotangents of slices, put together.

The derivative of a slice is its cotangent with zeros around it. Of a value that is cut into n pieces, as a
recurrent network cuts its input into steps, n such arrays of full size would be added up. Where the pieces do
not overlap, they are put one behind the other instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from telegrad_engine.ops import emit as g
from telegrad_proto.ir import Value


class _Piece(NamedTuple):
    """A cotangent with zeros before and behind it along one axis."""

    axis: int
    start: int
    stop: int
    value: Value


def _piece(ct: Value) -> _Piece | None:
    """What is padded, where the cotangent is that of a slice along one axis."""
    node = ct.node
    if node is None or node.op.name != "pad":
        return None
    attrs: dict[str, Any] = dict(node.op.named(node.attrs))
    low, high = attrs["low"], attrs["high"]
    if attrs["value"] != 0 or any(attrs["interior"]) or min((*low, *high, 0)) < 0:
        return None
    axes = [axis for axis, around in enumerate(zip(low, high, strict=True)) if any(around)]
    if len(axes) != 1:
        return None
    (axis,) = axes
    return _Piece(axis, low[axis], ct.spec.shape[axis] - high[axis], node.inputs[0])


def _joined(pieces: Sequence[_Piece], whole: Value) -> Value:
    """The pieces, in order, with zeros where there are none.

    Shape: as whole
    """
    axis, shape = pieces[0].axis, whole.spec.shape
    parts, at = [], 0
    for piece in pieces:
        parts += _gap(at, piece.start, axis, whole)
        parts.append(piece.value)
        at = piece.stop
    parts += _gap(at, shape[axis], axis, whole)
    joined: Value = g.concatenate(*parts, axis=axis)
    return joined


def _gap(start: int, stop: int, axis: int, whole: Value) -> list[Value]:
    if start == stop:
        return []
    shape = whole.spec.shape
    return [g.full(0, (*shape[:axis], stop - start, *shape[axis + 1 :]), whole.spec.dtype)]


def put_together(cts: Sequence[Value]) -> list[Value]:
    """Fewer cotangents of the same sum: pieces of one axis that do not overlap are one.

    Shape: all alike
    """
    wholes = [ct.whole if isinstance(ct, g.Batched) else ct for ct in cts]
    found: dict[tuple[int, bool], list[tuple[_Piece, int]]] = {}
    for place, (ct, whole) in enumerate(zip(cts, wholes, strict=True)):
        piece = _piece(whole)
        if piece is not None:
            found.setdefault((piece.axis, isinstance(ct, g.Batched)), []).append((piece, place))
    kept = dict(enumerate(cts))
    for (_, batched), pieces in found.items():
        pieces.sort(key=lambda item: item[0][1:3])
        apart, at = [], 0
        for piece, place in pieces:
            if piece.start >= at:
                apart.append((piece, place))
                at = piece.stop
        if len(apart) < 2:
            continue
        joined = _joined([piece for piece, _ in apart], wholes[apart[0][1]])
        for _, place in apart:
            del kept[place]
        kept[apart[0][1]] = g.Batched(joined) if batched else joined
    return list(kept.values())
