"""What a tensor holds: the name of a value in the session's graph, and what is known of it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegrad_proto.spec import Spec

if TYPE_CHECKING:
    import numpy as np

    from telegrad.recording.recorder import Recorder

Array = "np.ndarray[Any, Any]"


class Counter:
    """How often a storage was written in place; shared by a tensor, its views and what was detached from it.

    Attributes:
        version: the count.
        writer: the name of the node that wrote last, if that was recorded for differentiation.
    """

    __slots__ = ("version", "writer")

    def __init__(self) -> None:
        self.version = 0
        self.writer: str | None = None


class Value:
    """A value of the graph. Only tensors and leaf nodes hold one: when the last lets go, the server may drop
    it.

    Attributes:
        id: its number on the wire; 0 as long as no node reads it (an array that only the client has).
        spec: shape and element type.
        recorder: whose graph it is in; None while `id` is 0.
        local: the array, where it is known here; read-only.
        counter: made when a derivative will read it, to notice writes in place.
    """

    __slots__ = ("__weakref__", "counter", "id", "local", "recorder", "spec")

    def __init__(self, id: int, spec: Spec, recorder: Recorder | None, local: Any = None) -> None:
        self.id = id
        self.spec = spec
        self.recorder = recorder
        self.local: np.ndarray[Any, Any] | None = local
        self.counter: Counter | None = None

    def __del__(self) -> None:
        # The recorder tells the server with the next fragment. Appending is all that is safe in a finalizer.
        if self.recorder is not None:
            self.recorder.released.append(self.id)

    def __repr__(self) -> str:
        return f"<Value {self.id} {self.spec!r}>"
