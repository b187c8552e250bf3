"""Tensors with names, in a session with a name: another process finds them, with their gradients and graphs.

    tg.connect("host:7431", session="study")
    tg.name(w=w, loss=loss)
    ...
    tg.connect("host:7431", session="study")  # in another process, later
    tg.named("loss").backward()

The server keeps what a client notes about its named tensors: which value each is, and its own picture of the
graph behind it. Notes go with the fragments, whenever something about a named tensor has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from telegrad.autograd.graph import Node
from telegrad.config import current_session
from telegrad.recording.notes import read_notes, write_notes
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError, SessionError

if TYPE_CHECKING:
    from telegrad.recording.recorder import Recorder
    from telegrad.recording.session import Session
    from telegrad_proto.v1 import session_pb2


class Names:
    """The named tensors of one session.

    Attributes:
        tensors: by name; held, so that the server holds them too.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._noted: tuple[object, ...] | None = None

    def forget_noted(self) -> None:
        """What was noted last did not arrive."""
        self._noted = None

    def notes(self, recorder: Recorder) -> bytes:
        """What is to be noted now; empty where nothing has changed."""
        if not self.tensors and self._noted is None:
            return b""
        state: list[object] = []
        if recorder.backwards and any(tensor._edge is not None for tensor in self.tensors.values()):
            self._noted = None  # a pass may go through their graphs, and free them
        for name, tensor in self.tensors.items():
            extra = tensor._extra
            grad = None if extra is None else extra.grad
            for each in (tensor, grad):
                if each is not None and each._refresh().recorder is None:
                    recorder.adopt(each)
            edge = tensor._edge
            if edge is not None and isinstance(edge[0], Node):
                state.append(edge[0].output)
            state.append((name, tensor._value.id, tensor._tracked))
            state.append(None if grad is None else grad._value.id)
        found = tuple(state)
        if found == self._noted:
            return b""
        self._noted = found
        return write_notes(self.tensors, recorder)

    def take_up(self, opened: session_pb2.Opened, recorder: Recorder) -> None:
        """Makes the tensors that the session's client before this one has noted."""
        with recorder.lock:
            recorder.next_id = opened.last_id + 1
            self.tensors, held = read_notes(opened.notes, recorder)
            # What only the other client has held is let go with the first message.
            recorder.released += [id_ for id_ in opened.live_ids if id_ not in held]


def _names() -> Names:
    session: Session = current_session()
    session.open()
    if session.names is None:
        raise SessionError(
            "names are for sessions that have one: tg.connect('host:port', session='a name of yours')"
        )
    return session.names


def name(*named: object, **tensors: Tensor | None) -> None:
    """Gives tensors names: `name("w", w)` or `name(w=w)`. `named` finds them, in another process too.

    A tensor keeps its name when it is written to in place, as an optimizer does. None takes a name away.

    Raises:
        SessionError: the session has no name itself.
        TypeError: what is named is no tensor.
    """
    if named:
        if len(named) != 2 or not isinstance(named[0], str):
            raise TypeError("name(): requires a name and a tensor, or name=tensor")
        tensors = {named[0]: named[1], **tensors}  # type: ignore[dict-item]
    names = _names()
    for key, tensor in tensors.items():
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"name(): {key} must be a Tensor, not {type(tensor).__name__}")
        if not key:
            raise ArgumentError("name(): a name has at least one character")
        if tensor is None:
            names.tensors.pop(key, None)
        else:
            names.tensors[key] = tensor
    current_session().flush("name", live=True)


@overload
def named() -> dict[str, Tensor]: ...
@overload
def named(key: str, /) -> Tensor: ...
def named(key: str | None = None, /) -> Tensor | dict[str, Tensor]:
    """The session's named tensors, or the one of this name.

    Raises:
        SessionError: the session has no name itself.
        KeyError: there is no tensor of this name.
    """
    tensors = _names().tensors
    if key is None:
        return dict(tensors)
    if key not in tensors:
        known = ", ".join(map(repr, tensors)) or "none"
        raise KeyError(f"no tensor is named {key!r}; there are: {known}")
    return tensors[key]
