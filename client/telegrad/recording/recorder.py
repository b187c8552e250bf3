"""Recording: what an operator costs when it is only written down.

`record` is the path that every operator takes. It infers the result's spec, names the result, appends one
tuple to what is pending, and makes the autograd node where one is needed. Nothing is sent here; `session.py`
does that.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from telegrad.autograd.graph import Edge, Node, Rule, counter_of, leaf_edge
from telegrad.autograd.mode import ANOMALY, MODE
from telegrad.tensor import Tensor, make
from telegrad.wire.callsite import OURS, Site
from telegrad.wire.entries import BackwardEntry, Entry
from telegrad.wire.values import Counter, Value
from telegrad_proto.errors import SessionError
from telegrad_proto.opset import AttrValue, Op
from telegrad_proto.spec import Spec

if TYPE_CHECKING:
    from telegrad.recording.session import Session

#: Nodes pending before they are sent unasked: a message's cost spread thin, and the server kept busy.
PENDING_LIMIT: Final = 4096

#: Lines remembered for errors that only the server can see.
SITES_KEPT: Final = 50_000

#: Python numbers kept as constants of a session.
CONSTANTS_KEPT: Final = 512


class Recorder:
    """What one session has recorded and not yet sent.

    Attributes:
        session: where it is sent to.
        pending: operators, in order.
        leaves: values whose arrays come from here, in order.
        backwards: requests for gradients.
        released: ids that no tensor holds any more.
        sent: the latest operators that were sent, message by message: an error may want their lines.
        written: tensors written to in place since the last backward pass. The next one computes them: what
            gathers over many steps, as averages do, must not drag all of them along until somebody looks.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.next_id = 1
        self.pending: list[Entry] = []
        self.leaves: list[Value] = []
        self.backwards: list[BackwardEntry] = []
        self.released: list[int] = []
        self.sent: deque[list[Entry]] = deque()
        self._sent_count = 0
        self.constants: OrderedDict[tuple[Any, ...], Tensor] = OrderedDict()
        self.written: WeakValueDictionary[int, Tensor] = WeakValueDictionary()
        self.lock = threading.RLock()
        self.closed = False

    def new_ids(self, count: int = 1) -> int:
        """The first of so many new ids."""
        with self.lock:
            first = self.next_id
            self.next_id = first + count
        return first

    def adopt(self, tensor: Tensor) -> Value:
        """The tensor's value in this recorder's graph: an array that nobody has read yet becomes a leaf.

        Raises:
            SessionError: it was computed in another session and carries that session's graph.
        """
        value = tensor._value
        if self.closed:
            raise SessionError("the session is closed: connect() opens another")
        if value.recorder is None:
            with self.lock:
                value.id = self.next_id
                self.next_id += 1
                value.recorder = self
                self.leaves.append(value)
            return value
        if tensor._edge is not None or tensor._alias is not None:
            raise SessionError(
                "this tensor belongs to another session together with the graph that made it: take "
                "tensor.detach().clone(), or "
                "compute it again here"
            )
        array = value.local if value.local is not None else value.recorder.session.fetch([value])[0]
        tensor._value = Value(0, value.spec, None, array)
        return self.adopt(tensor)

    def forget_needs(self, since: int) -> None:
        """What was recorded from this id on, and not sent yet, is not differentiated after all."""
        with self.lock:
            for i in range(len(self.pending) - 1, -1, -1):
                op, inputs, attrs, output, needs, code, instruction = self.pending[i]
                if output < since:
                    return
                if needs:
                    self.pending[i] = (op, inputs, attrs, output, (), code, instruction)

    def take_written(self) -> list[Value]:
        """The values, not known here, of the tensors written to in place since this was last asked."""
        held = list(self.written.values())
        self.written.clear()
        values = [tensor._refresh() for tensor in held]
        return [v for v in values if v.__class__ is Value and v.recorder is self and v.local is None]

    def site_of(self, value_id: int) -> Site | None:
        """The user's line that made a value, if it is remembered."""
        for entries in (self.pending, *reversed(self.sent)):
            if not entries or entries[0][3] > value_id:
                continue
            for op, _, _, output, _, code, instruction in reversed(entries):
                if output <= value_id:
                    # Beyond an operator's outputs there is a leaf or a gradient.
                    return (code, instruction) if value_id < output + op.outputs else None
        return None

    def remember(self, entries: list[Entry]) -> None:
        """Keeps the lines of operators that were sent, and forgets the oldest."""
        if not entries:
            return
        self.sent.append(entries)
        self._sent_count += len(entries)
        while self._sent_count > SITES_KEPT:
            self._sent_count -= len(self.sent.popleft())


#: What is known of an operator's node before it is made: the result's spec, the rule of its autograd node if
#: it has one, and the input positions that need gradients.
Plan = tuple[Spec, "Rule | None", tuple[int, ...]]

#: Plans remembered for one operator, and the inputs and list items of one such entry.
_PLANS_KEPT: Final = 4096
_PLAN_ITEMS: Final = 256


class _Plans(dict[Op, "dict[tuple[Any, ...], Plan]"]):
    """For each operator with one result its plans, by specs, attributes and which inputs require gradients.

    The last is a number: a leading 1, then for each input a bit.
    """

    def __missing__(self, op: Op) -> dict[tuple[Any, ...], Plan]:
        found = self[op] = {}
        return found


_PLANS: Final = _Plans()

_RULES: Final[dict[tuple[Op, int], Rule | None]] = {}

_recorder: Recorder | None = None


def current() -> Recorder:
    """The recorder of the current session; the first use opens the default one."""
    if _recorder is None:
        from telegrad.config import connect  # needs the session, which needs this module

        connect()
    assert _recorder is not None
    return _recorder


def use(recorder: Recorder | None) -> None:
    """Makes this the recorder of what is recorded from here on."""
    global _recorder
    _recorder = recorder


def label_of(op: str) -> str:
    """The node name that torch would derive from an operator's: `set_slice` gives `SetSliceBackward0`."""
    return "".join(part.capitalize() for part in op.split("_")) + "Backward0"


def _rule(op: Op, tracked: int) -> Rule | None:
    """The rule of a node of this operator; None where no gradient flows."""
    if (op, tracked) in _RULES:
        return _RULES[op, tracked]
    count = tracked.bit_length() - 1
    needs = []
    reads: list[tuple[tuple[int, ...], tuple[int, ...]] | None] = [None] * count
    for position in range(count):
        found = op.reads_at(position, count) if tracked >> (count - 1 - position) & 1 else None
        if found is not None:
            needs.append(position)
            reads[position] = (found.inputs, found.outputs)
    names = tuple(label_of(op.vjp_names[op.slot(position)] or op.name) for position in range(count))
    rule = Rule(label_of(op.name), op.name, op.outputs, tuple(needs), tuple(reads), names) if needs else None
    _RULES[op, tracked] = rule
    return rule


def _plan(op: Op, specs: tuple[Spec, ...], attrs: tuple[AttrValue, ...], tracked: int) -> Plan:
    """What a node of this operator will be like.

    Raises:
        GraphError: the inputs or attributes do not fit, in torch's words.
    """
    spec = op.infer(specs, attrs)[0]
    rule = _rule(op, tracked) if tracked & tracked - 1 and spec.dtype.is_differentiable else None
    plan = (spec, rule, () if rule is None else rule.needs)
    if len(specs) + sum([len(a) for a in attrs if isinstance(a, tuple)]) <= _PLAN_ITEMS:
        plans = _PLANS[op]
        if len(plans) >= _PLANS_KEPT:
            plans.clear()
        plans[specs, attrs, tracked] = plan
    return plan


def _link(rule: Rule, inputs: Sequence[Tensor], ids: tuple[int, ...], output: int) -> Node:
    """The autograd node of an operator some of whose inputs require a gradient."""
    edges: list[Edge | None] = [None] * len(inputs)
    for position in rule.needs:
        tensor = inputs[position]
        edges[position] = tensor._edge or leaf_edge(tensor)
    node = _new(Node)
    node.rule = rule
    node.edges = tuple(edges)
    node.inputs = ids
    node.output = output
    node.freed = False
    node.extra = None
    if rule.read_inputs:
        saved: list[Any] = []
        for position in rule.read_inputs:
            tensor = inputs[position]
            value = tensor._value
            counter = value.counter if tensor._alias is None else tensor._alias.counter
            if counter is None:
                counter = value.counter = Counter()
            saved += (counter, counter.version, value.spec)
        node.saved = tuple(saved)
    else:
        node.saved = ()
    return node


_new = object.__new__


def _batched(op: Op, inputs: Sequence[Tensor], attrs: tuple[AttrValue, ...]) -> tuple[Tensor, ...]:
    """The results for a batch, inside `vmap`."""
    from telegrad.recording.batching import (
        record_batched,  # needs this module; what never maps never loads it
    )

    return record_batched(op, inputs, attrs)


def record(op: Op, inputs: Sequence[Tensor], attrs: tuple[AttrValue, ...] = ()) -> Tensor:
    """The one result of a primitive, written down and not computed.

    Written out where a call would read better: every operator of every program comes through here.

    Args:
        op: the primitive.
        inputs: its inputs, of equal dtype where it wants that.
        attrs: its attributes, in the catalogue's order.

    Raises:
        GraphError: the inputs or attributes do not fit, in torch's words.
    """
    recorder = _recorder or current()
    ids = []
    specs = []
    tracked = 1
    for tensor in inputs:
        value = tensor._value if tensor._alias is None else tensor._refresh()
        if value.recorder is not recorder:
            if value.__class__ is not Value:
                return _batched(op, inputs, attrs)[0]
            value = recorder.adopt(tensor)
        ids.append(value.id)
        specs.append(value.spec)
        tracked = tracked << 1 | tensor._tracked
    named = tuple(ids)
    if tracked & tracked - 1 and not MODE.grad:
        tracked = 1
    known = tuple(specs)
    spec, rule, needs = _PLANS[op].get((known, attrs, tracked)) or _plan(op, known, attrs, tracked)
    frame = sys._getframe(2)  # the primitive or operator that called this is ours
    while OURS[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    result: Tensor = _new(Tensor)
    made: Value = _new(Value)
    with recorder.lock:
        output = recorder.next_id
        recorder.next_id = output + 1
        pending = recorder.pending
        pending.append((op, named, attrs, output, needs, frame.f_code, frame.f_lasti))
    made.id = output
    made.spec = spec
    made.recorder = recorder
    made.local = made.counter = None
    result._value = made
    result._alias = result._extra = None
    if rule is None:
        result._edge = None
        result._tracked = False
    else:
        node = _link(rule, inputs, named, output)
        result._edge = (node, 0)
        result._tracked = True
        if rule.read_outputs:
            counter = counter_of(result)
            node.saved += (counter, counter.version, spec)
        if ANOMALY.enabled:
            node.extras().values[0] = made
    if len(pending) >= PENDING_LIMIT:
        recorder.session.flush("pending", live=True)
    return result


def record_many(op: Op, inputs: Sequence[Tensor], attrs: tuple[AttrValue, ...] = ()) -> tuple[Tensor, ...]:
    """The results of a primitive with several, written down and not computed; otherwise as `record`."""
    recorder = _recorder or current()
    values = []
    for tensor in inputs:
        value = tensor._refresh()
        if value.__class__ is not Value:
            return _batched(op, inputs, attrs)
        values.append(value if value.recorder is recorder else recorder.adopt(tensor))
    named = tuple([value.id for value in values])
    specs = op.infer(tuple([value.spec for value in values]), attrs)
    frame = sys._getframe(1)
    while OURS[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    rule = None
    if MODE.grad and any(spec.dtype.is_differentiable for spec in specs):
        tracked = 1
        for tensor in inputs:
            tracked = tracked << 1 | tensor._tracked
        if tracked & tracked - 1:
            rule = _rule(op, tracked)
    with recorder.lock:
        output = recorder.new_ids(len(specs))
        needs = () if rule is None else rule.needs
        recorder.pending.append((op, named, attrs, output, needs, frame.f_code, frame.f_lasti))
    results = tuple(make(Value(output + i, spec, recorder)) for i, spec in enumerate(specs))
    if rule is not None:
        node = _link(rule, inputs, named, output)
        for i, result in enumerate(results):
            if result._value.spec.dtype.is_differentiable:
                result._tracked = True
                result._edge = (node, i)
                if ANOMALY.enabled:
                    node.extras().values[i] = result._value
        for i in rule.read_outputs:
            counter = counter_of(results[i])
            node.saved += (counter, counter.version, specs[i])
    if len(recorder.pending) >= PENDING_LIMIT:
        recorder.session.flush("pending", live=True)
    return results
