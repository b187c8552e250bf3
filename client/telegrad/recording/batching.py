"""Batches that look like one example: what a function sees of its arguments inside `vmap`.

A tensor inside has the shape of one example. Its value is a BatchedValue, which holds that of the whole
batch, with a leading axis. A primitive that reads one goes through the batching rules and is recorded as
primitives on whole batches, so what reaches the session are ordinary nodes. A batch inside a batch is a
BatchedValue that holds another: the innermost level is taken off first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NoReturn

from telegrad.autograd.mode import MODE
from telegrad.errors import ArgumentError, GradientError
from telegrad.recording import recorder as recording
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Value
from telegrad_proto.batching import apply_batched
from telegrad_proto.opset import OPSET, AttrValue, Op
from telegrad_proto.spec import Spec

_LOOKED_AT: Final = (
    "vmap: It looks like you're calling .item() on a Tensor, printing it, or using it in data-dependent "
    "control flow. We don't support vmap over calling .item() on a Tensor, please try to rewrite what you're "
    "doing with other operations."
)

_RANDOM: Final = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
    "'different' randomness flags on vmap or perform the randomness operation out of vmap"
)


class Level:
    """One `vmap` that is running.

    It stands where a value's recorder does: a batch belongs to no session's table, and cannot be looked at.

    Attributes:
        size: the number of examples.
        depth: how many levels are around it.
        randomness: what random numbers do: "error", "same" or "different" for the examples.
        running: the function has not returned yet.
        written: where a recorder notes the tensors that were written to; nobody asks a level for them.
    """

    __slots__ = ("depth", "randomness", "running", "size", "written")

    def __init__(self, size: int, depth: int, randomness: str) -> None:
        self.size = size
        self.depth = depth
        self.randomness = randomness
        self.running = True
        self.written: dict[int, Any] = {}

    @property
    def session(self) -> Level:
        return self

    def fetch(self, values: Sequence[Value], reason: str = "look") -> NoReturn:
        raise GradientError(_LOOKED_AT)


class BatchedValue(Value):
    """A batch of values as if it were one.

    Attributes:
        whole: the values of all examples, along a leading axis.
        level: the `vmap` that they are the examples of.
    """

    __slots__ = ("level", "whole")

    def __init__(self, whole: Value, level: Level, spec: Spec | None = None) -> None:
        self.id = 0
        self.spec = spec or whole.spec.with_shape(whole.spec.shape[1:])
        self.recorder = level  # type: ignore[assignment]  # stands in for one
        self.local = self.counter = None
        self.whole = whole
        self.level = level

    def __del__(self) -> None:
        """Lets go of nothing: no session knows it."""


class Key(BatchedValue):
    """A random draw's key inside a `vmap` whose examples draw differently: the key of the one draw of all."""

    __slots__ = ()


def level_of(tensor: Tensor) -> Level | None:
    """The innermost level whose examples this tensor tells apart; None: it is the same for all."""
    value = tensor._refresh()
    return value.level if isinstance(value, BatchedValue) else None


def innermost(tensors: Sequence[Tensor]) -> Level | None:
    """The innermost level whose examples any of the tensors tells apart."""
    levels = [level for level in map(level_of, tensors) if level is not None]
    return max(levels, key=lambda level: level.depth, default=None)


def example(whole: Tensor, level: Level) -> Tensor:
    """A batch as the function inside sees it.

    Shape: (size, ...) gives (...)
    """
    if whole._tracked and whole._edge is None:
        whole = _IDENTITY(whole)  # only the whole is the leaf
    return make(BatchedValue(whole._refresh(), level), whole._edge, tracked=whole._tracked)


def batch_of(tensor: Tensor, level: Level) -> tuple[Tensor, bool]:
    """What an example is seen of, and whether it differs from example to example.

    Shape: (...) gives (size, ...), or (...) where it does not
    """
    value = tensor._refresh()
    if isinstance(value, BatchedValue) and value.level is level:
        return make(value.whole, tensor._edge, tracked=tensor._tracked), True
    return tensor, False


def whole_of(tensor: Tensor, level: Level) -> Tensor:
    """The whole batch; what is the same for all examples is repeated.

    Shape: (...) gives (size, ...)
    """
    whole, carried = batch_of(tensor, level)
    return whole if carried else repeated(whole, level.size)


def repeated(tensor: Tensor, size: int) -> Tensor:
    """So many of the same along a new leading axis."""
    return recording.record(_BROADCAST, (tensor,), ((size, *tensor._spec.shape),))


class _Recording:
    """Hands the primitives of batching rules to the recorder."""

    def spec(self, value: Tensor, /) -> Spec:
        return value._spec

    def apply(self, op: Op, inputs: Sequence[Tensor], attrs: tuple[AttrValue, ...], /) -> tuple[Tensor, ...]:
        if op.outputs == 1:
            return (recording.record(op, inputs, attrs),)
        return recording.record_many(op, inputs, attrs)


_RECORDING: Final = _Recording()
_BROADCAST: Final = OPSET["broadcast_to"]


def _IDENTITY(tensor: Tensor) -> Tensor:
    return recording.record(OPSET["identity"], (tensor,))


def record_batched(op: Op, inputs: Sequence[Tensor], attrs: tuple[AttrValue, ...]) -> tuple[Tensor, ...]:
    """The results of a primitive for a batch, written down and not computed.

    Args:
        op: the primitive.
        inputs: its inputs, at least one of them with a BatchedValue.
        attrs: its attributes, for one example.

    Raises:
        GradientError: an input comes from a `vmap` that is over.
        GraphError: the inputs or attributes do not fit one example, in torch's words.
    """
    level = innermost(inputs)
    assert level is not None, "called for batches only"
    if not level.running:
        raise GradientError(f"{op.name}: a tensor was used outside of the vmap in which it was made")
    if any(isinstance(tensor._value, Key) for tensor in inputs):
        made = _drawn(op, inputs, attrs, level)
    else:
        batches = [batch_of(tensor, level) for tensor in inputs]
        wholes, carries = [whole for whole, _ in batches], [carried for _, carried in batches]
        made = tuple(apply_batched(_RECORDING, op, wholes, carries, attrs, size=level.size))
    return tuple([example(whole, level) for whole in made])


def _drawn(
    op: Op, inputs: Sequence[Tensor], attrs: tuple[AttrValue, ...], level: Level
) -> tuple[Tensor, ...]:
    """One draw for all examples, which so get different numbers."""
    named = op.named(attrs)
    if len(inputs) > 1:  # the draw has the shape of its parameters
        key, *parameters = inputs
        wholes = [whole_of(tensor, level) for tensor in parameters]
        return _RECORDING.apply(op, [batch_of(key, level)[0], *wholes], attrs)
    shape = named["shape"]
    assert isinstance(shape, tuple), "only draws take keys"
    named["shape"] = (level.size, *shape)
    return _RECORDING.apply(op, [batch_of(inputs[0], level)[0]], tuple(named.values()))


def own_key(key: Tensor) -> Tensor:
    """The key of a draw inside the running levels.

    Raises:
        ArgumentError: one of them allows none, in torch's words.
    """
    for level in MODE.levels:
        if level.randomness == "error":
            raise ArgumentError(_RANDOM)
        if level.randomness == "different":
            key = make(Key(key._value, level, key._spec))
    return key


def enter(size: int, randomness: str) -> Level:
    """A new innermost level."""
    level = Level(size, len(MODE.levels), randomness)
    MODE.levels = (*MODE.levels, level)
    return level


def leave(level: Level) -> None:
    """Ends the innermost level."""
    assert MODE.levels[-1] is level, "levels end in the order that they began"
    level.running = False
    MODE.levels = MODE.levels[:-1]


def require_room(target: Tensor, source: Tensor) -> None:
    """Returns where one tensor may be written into another.

    Raises:
        GradientError: what is written differs from example to example, what is written to does not.
    """
    for level in MODE.levels:
        if carries(source, level) and not carries(target, level):
            raise GradientError(
                "vmap: an inplace operation is not possible because its result differs from example to "
                "example, and the tensor that is written to is one for all of them. Please try to use "
                "out-of-place operators instead, or make that tensor of a mapped one, by x.new_zeros(...)."
            )


def apart(tensor: Tensor, like: Tensor) -> Tensor:
    """The same elements, with room for each example that another tensor tells apart."""
    levels = [level for level in MODE.levels if carries(like, level) and not carries(tensor, level)]
    for level in reversed(levels):
        tensor = repeated(tensor, level.size)
    for level in levels:
        tensor = example(tensor, level)
    return tensor


def carries(tensor: Tensor, level: Level) -> bool:
    """Whether it tells apart the examples of a level, this one or one further in."""
    value = tensor._refresh()
    while isinstance(value, BatchedValue):
        if value.level is level:
            return True
        value = value.whole
    return False


def refuse(tensors: Sequence[Any], message: str) -> None:
    """Returns where none of the tensors belongs to a running `vmap`.

    Raises:
        GradientError: one does.
    """
    if MODE.levels and innermost(tensors) is not None:
        raise GradientError(message)
