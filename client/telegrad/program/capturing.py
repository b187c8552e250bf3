"""A function written down once, on placeholders, on a recorder of its own.

What the function records goes into no session. A tensor from outside is taken in as a constant, and stays as
it is: writing into one is refused, since a program could not do it again.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import get_ident
from typing import Any, Final, NoReturn
from weakref import WeakValueDictionary, ref

from telegrad import _primitives as p
from telegrad.autograd import walk
from telegrad.autograd.graph import edge_of
from telegrad.autograd.mode import MODE
from telegrad.making.generator import default_generator
from telegrad.recording import recorder as recording
from telegrad.recording.recorder import Recorder
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, make
from telegrad.wire.callsite import describe, here
from telegrad.wire.convert import NDArray
from telegrad.wire.entries import BackwardEntry, Entry
from telegrad.wire.values import Value
from telegrad_proto.errors import TraceError
from telegrad_proto.spec import Spec

_WRITES: Final = (
    ", which calls of a program could not do: give it as an argument and return what it becomes, or take a "
    "module with running statistics through func.functional_call, or .eval()"
)


@dataclass(frozen=True, slots=True)
class Captured:
    """What a function recorded.

    Attributes:
        inputs: ids of the placeholders.
        leaves: constants in the order of their ids, with their arrays.
        numbers: those of the constants that are Python numbers, by id.
        nodes: operators in order.
        backwards: requests for gradients, in order.
        result: the function's, a tree.
        outputs: the values of the tensors in it, by the identity of the tensors.
    """

    inputs: tuple[int, ...]
    leaves: tuple[tuple[int, NDArray], ...]
    numbers: dict[int, Any]
    nodes: tuple[Entry, ...]
    backwards: tuple[BackwardEntry, ...]
    result: Any
    outputs: dict[int, Value]


def at_user_line() -> str:
    """Where in the user's code this is, in brackets; empty where that is not known."""
    site = here()
    return f" ({describe(site)})" if site is not None else ""


class _Nowhere:
    """Stands where a recorder's session does: nothing is sent, and nothing can be looked at."""

    def flush(self, reason: str, *_: object, live: bool = False) -> int:
        return 0

    def fetch(self, values: Sequence[Value], reason: str = "look") -> NoReturn:
        raise TraceError(
            "trace: the function looks at a value (printing it, .item(), bool(), .numpy()), which is not "
            f"known while a program is made: use operators, as where(), instead{at_user_line()}"
        )


class _Written(WeakValueDictionary[int, Tensor]):
    """Told of each tensor that is about to be written to."""

    def __init__(self, recorder: _Capture) -> None:
        super().__init__()
        self._recorder = recorder

    def __setitem__(self, key: int, tensor: Tensor) -> None:
        value = tensor._value
        if value.recorder is not None and value.recorder is not self._recorder:
            raise TraceError(
                f"trace: the function writes into a tensor from outside{at_user_line()}{_WRITES}"
            )
        if value.recorder is None:
            self._recorder.overwritten.append((ref(tensor), value))
        super().__setitem__(key, tensor)


class _Capture(Recorder):
    """A recorder whose constants are copies of what is outside.

    Attributes:
        overwritten: tensors that are in no session, with the values they had before they were written to.
    """

    def __init__(self) -> None:
        super().__init__(_Nowhere())  # type: ignore[arg-type]  # stands in for one
        self.overwritten: list[tuple[ref[Tensor], Value]] = []
        self._thread = get_ident()
        self.written = _Written(self)
        self.taken: dict[int, tuple[Value, Value]] = {}

    def adopt(self, tensor: Tensor) -> Value:
        """A constant with the tensor's value; the tensor stays where it is.

        Raises:
            TraceError: another thread uses it, which would become part of the program.
        """
        if get_ident() != self._thread:
            raise TraceError("a program is being made in another thread: wait until trace() has returned")
        value = tensor._value
        known = self.taken.get(id(value))
        if known is None:
            with self.lock:
                made = Value(self.new_ids(), value.spec, self)
            known = self.taken[id(value)] = (value, made)
        return known[1]

    def constants_taken(self) -> tuple[tuple[int, NDArray], ...]:
        """The constants' arrays, those of each session fetched together."""
        sessions: dict[int, tuple[Any, list[Value]]] = {}
        for value, _ in self.taken.values():
            if value.local is None and value.recorder is not None:
                session = value.recorder.session
                sessions.setdefault(id(session), (session, []))[1].append(value)
        for session, values in sessions.values():
            session.fetch(values, "trace")
        found = []
        for value, made in self.taken.values():
            assert value.local is not None, "fetch gives every array or raises"
            found.append((made.id, value.local))
        return tuple(found)

    def numbers_taken(self) -> dict[int, Any]:
        """The constants that are Python numbers, by id; zeros and NaN are left out."""
        known = {id(tensor._value): key[0] for key, tensor in self.constants.items()}
        ids = {made.id: known.get(id(value)) for value, made in self.taken.values()}
        return {id_: number for id_, number in ids.items() if isinstance(number, (int, float))}


def capture(
    call: Callable[[list[Tensor]], Any], specs: Sequence[Spec], tensors: Callable[[Any], list[Tensor]]
) -> Captured:
    """What a function records for inputs of these specs.

    Args:
        call: calls it with a tensor an input.
        specs: the inputs'.
        tensors: the tensors in what it gives.

    Raises:
        TraceError: it does something that no program can.
        TelegradError: what the function itself raises, as a shape that does not fit.
    """
    if MODE.levels:
        raise TraceError("trace: cannot be called inside vmap; map a function inside the traced one instead")
    capture = _Capture()
    before = recording._recorder
    recording.use(capture)
    found: list[Tensor] = []
    try:
        with grad_mode(True):
            leaves = [
                make(Value(capture.new_ids(), spec, capture), tracked=spec.dtype.is_differentiable)
                for spec in specs
            ]
            ids = tuple([leaf._value.id for leaf in leaves])
            # What takes a gradient is no leaf, so that the function may write into it.
            given = [p.identity(leaf) if leaf._tracked else leaf for leaf in leaves]
            result = call(given)
            found = tensors(result)
            _refuse_python(found, given)
            outputs = {id(tensor): _value_in(capture, tensor) for tensor in found}
    finally:
        recording.use(before)
        outside = _restore(capture, found)
    if outside:
        raise TraceError(f"trace: the function writes into a tensor from outside{_WRITES}")
    for request in capture.backwards:
        if any(value.recorder is not capture for value in request.hold):
            raise TraceError(
                "trace: the function differentiates by a tensor from outside: give it as an argument"
            )
    return Captured(
        ids,
        capture.constants_taken(),
        capture.numbers_taken(),
        tuple(capture.pending),
        tuple(capture.backwards),
        result,
        outputs,
    )


def _value_in(capture: _Capture, tensor: Tensor) -> Value:
    value = tensor._refresh()
    return value if value.recorder is capture else capture.adopt(tensor)


def _restore(capture: _Capture, result: Sequence[Tensor]) -> bool:
    """Gives tensors from outside the values back that they had; whether there were any.

    A tensor that the function itself made of numbers is gone by now, unless it is part of the result.
    """
    if not capture.overwritten:
        return False
    gc.collect()  # a cycle may keep it alive a little longer
    own = {id(tensor) for tensor in result}
    found = False
    for known, value in reversed(capture.overwritten):
        tensor = known()
        if tensor is None or id(tensor) in own:
            continue
        found = True
        tensor._value = value
        if tensor._edge is not None:
            tensor._edge, tensor._tracked = None, False
        if tensor._alias is not None:
            tensor._alias.storage.value = value
    return found


def _refuse_python(outputs: Sequence[Tensor], given: Sequence[Tensor]) -> None:
    """Returns where no derivative on the way from the inputs to the outputs is Python code.

    Raises:
        TraceError: one is.
    """
    makers = {id(edge[0]) for x in given if (edge := edge_of(x)) is not None}
    edges = [edge for y in outputs if y._tracked and (edge := edge_of(y)) is not None]
    special = walk.reach(edges, lambda edge: id(edge[0]) in makers).special
    if special:
        raise TraceError(
            f"trace: {special[0].name()} has a derivative, or a hook, that is Python code, which a program "
            "cannot hold: compose it of operators"
        )


def with_same_draws(count: int, run: Callable[[int], Captured]) -> list[Captured]:
    """What several runs recorded, random numbers the same in all."""
    state = default_generator._seed, default_generator._draws
    found = []
    for i in range(count):
        default_generator._seed, default_generator._draws = state
        found.append(run(i))
    return found
