"""What is recorded, entry by entry: operators and requests for gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from telegrad.wire.values import Value
from telegrad_proto.opset import AttrValue, Op

#: One recorded operator: catalogue entry, ids of inputs, attributes, id of the first output, input positions
#: that need gradients, and the user's line: code and instruction.
Entry = tuple[Op, tuple[int, ...], tuple[AttrValue, ...], int, tuple[int, ...], CodeType, int]


@dataclass(slots=True)
class BackwardEntry:
    """A recorded request for gradients.

    Attributes:
        hold: the values that it needs until it is sent; the other fields are those of the wire's Backward.
    """

    after: int
    roots: tuple[int, ...]
    cotangents: tuple[int, ...]
    wrt: tuple[int, ...]
    gradients: tuple[int, ...]
    retain_graph: bool
    create_graph: bool
    batched: bool = False
    hold: list[Value] = field(default_factory=list)

    def fields(self) -> dict[str, Any]:
        """What the wire's Backward says."""
        return {
            "after": self.after,
            "roots": self.roots,
            "cotangents": self.cotangents,
            "wrt": self.wrt,
            "gradients": self.gradients,
            "retain_graph": self.retain_graph,
            "create_graph": self.create_graph,
            "batched": self.batched,
        }
