"""Programs called: plans made once for each mode and length of batch, arrays in, arrays out.

A program has no state, and neither has a call: many may run at once, in as many threads.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np

from telegrad_engine.modes import MODES, Wanted, extra_specs, want
from telegrad_engine.ops.registry import check_catalogue, load_families
from telegrad_engine.plan.compiler import Plan, compile_plan
from telegrad_engine.plan.selection import select
from telegrad_engine.runtime.backend import Backend, backend
from telegrad_engine.runtime.executor import Interrupt, run
from telegrad_engine.runtime.gauge import Gauge
from telegrad_proto.dtypes import by_typestr
from telegrad_proto.errors import (
    ArgumentError,
    ArityError,
    DTypeError,
    GradientError,
    OutOfMemoryError,
    ShapeError,
)
from telegrad_proto.ir import Buffer, Ledger, Value
from telegrad_proto.program import Blueprint, Input
from telegrad_proto.spec import Spec

NDArray = np.ndarray[Any, Any]

#: Plans of one program: a job has two lengths of batch, an interactive user a few.
_PLANS_KEPT: Final = 64

load_families()
check_catalogue()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives, in host memory.

    Attributes:
        outputs: the program's.
        gradients: what the mode adds: one array a chosen input, or in mode jvp one an output that has a
            direction.
        plan_cached: the plan was known.
        execute_ns: how long the steps took.
    """

    outputs: tuple[NDArray, ...]
    gradients: tuple[NDArray, ...]
    plan_cached: bool = True
    execute_ns: int = 0


@dataclass(frozen=True, slots=True)
class _Ready:
    """A plan, and between which leaves and results it leads.

    Attributes:
        plan: the steps.
        loads: for each number that the plan loads, the position among the leaves.
        leaves: the leaves' specs; the constants come last.
        constants: the constants on the device.
        outputs: where each output is: a slot of the plan, or -1 - the position of a leaf.
        gradients: the same for what the mode adds.
        specs: of outputs and gradients.
    """

    plan: Plan
    loads: dict[int, int]
    leaves: tuple[Spec, ...]
    constants: tuple[Any, ...]
    outputs: tuple[int, ...]
    gradients: tuple[int, ...]
    specs: tuple[Spec, ...]


class Program:
    """A program, ready to be called.

    Args:
        blueprint: what it does.
        device: `cpu`, `cuda` or `cuda:N`.
        limit_bytes: how much one call may hold in memory; 0: no bound.
        gauge: counts the calls, where somebody watches over the process.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        device: str = "cpu",
        limit_bytes: int = 0,
        gauge: Gauge | None = None,
    ) -> None:
        self.blueprint: Final = blueprint
        self._backend: Final[Backend] = backend(device)
        self._limit_bytes: Final = limit_bytes
        self._gauge: Final = gauge
        self._lock: Final = Lock()
        self._plans: Final[OrderedDict[tuple[Any, ...], _Ready]] = OrderedDict()
        self._constants: Final[dict[int, Any]] = {}  # on the device, those that serve every length

    @classmethod
    def from_bytes(
        cls,
        raw: bytes | memoryview,
        *,
        device: str = "cpu",
        limit_bytes: int = 0,
        gauge: Gauge | None = None,
    ) -> Program:
        """The program in these bytes; raises as `Blueprint.from_bytes`."""
        return cls(Blueprint.from_bytes(raw), device=device, limit_bytes=limit_bytes, gauge=gauge)

    @property
    def digest(self) -> bytes:
        return self.blueprint.digest

    @property
    def name(self) -> str:
        return self.blueprint.name or "program"

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.blueprint.inputs

    @property
    def size_bytes(self) -> int:
        return self.blueprint.size_bytes

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the inputs that gradients are usually for: those without batch axis that can have some."""
        return tuple([i.name for i in self.inputs if not i.batched and i.spec.dtype.is_differentiable])

    def call(
        self,
        mode: str,
        inputs: Mapping[str, Any] | Sequence[Any],
        *,
        wrt: Sequence[str | int] | None = None,
        extra: Sequence[Any] = (),
        interrupt: Interrupt | None = None,
    ) -> Answer:
        """Computes.

        Args:
            mode: "value"; "value_and_grad" of a first output that is one number; "vjp"; "jvp"; "per_sample",
                where each row of the batch axis is a batch of one.
            inputs: an array an input, by name or in order; nothing is converted.
            wrt: names or positions of the inputs to differentiate by; by default `parameters`.
            extra: for vjp a cotangent an output that takes gradients, for jvp a tangent a chosen input.
            interrupt: how to stop.

        Shape: inputs like `inputs`, batched ones (n, ...) with one n for all; outputs likewise; gradients
            like what they are for. In mode per_sample each is (n, ...).

        Raises:
            ArgumentError: an unknown mode or name, or inputs missing.
            ShapeError: an array of another shape, or batches of different lengths.
            DTypeError: an array of another type.
            GradientError: the program cannot be differentiated so.
            EvaluationError: it could not be computed.
        """
        if mode not in MODES:
            raise ArgumentError(f"call: requires a mode of {', '.join(MODES)}, got {mode!r:.40}")
        arrays = self._ordered(inputs)
        chosen = () if mode == "value" else self._chosen(wrt)
        length = self._length(arrays)
        for given, array, spec in zip(self.inputs, arrays, self.blueprint.input_specs(length), strict=True):
            _check(f"input {given.name}", array, spec)
        beside = [np.asarray(x) for x in extra]
        specs = extra_specs(self.blueprint, mode, chosen, length)
        if len(beside) != len(specs):
            raise ArityError(f"{mode}: requires {len(specs)} arrays beside the inputs, got {len(beside)}")
        for k, (array, spec) in enumerate(zip(beside, specs, strict=True)):
            _check(f"{mode}: array {k} beside the inputs", array, spec)
        ready, cached = self._ready(mode, chosen, length)
        return self._run(ready, [*arrays, *beside], interrupt or Interrupt(), cached=cached)

    def _run(self, ready: _Ready, given: list[NDArray], interrupt: Interrupt, *, cached: bool) -> Answer:
        started = time.perf_counter_ns()
        needed_bytes = sum([spec.nbytes for spec in ready.leaves]) + ready.plan.peak_bytes
        self._check_room(needed_bytes)
        ledger = Ledger()
        if self._gauge is not None:
            self._gauge.watch(ledger)
        held = Buffer(None, needed_bytes, ledger)  # counts as long as the call takes
        arrays = [self._loaded(array, spec) for array, spec in zip(given, ready.leaves, strict=False)]
        arrays += ready.constants
        values = {}
        uncounted = Ledger()
        for number, position in ready.loads.items():
            spec = ready.leaves[position]
            values[number] = Value(spec, leaf=Buffer(arrays[position], spec.nbytes, uncounted))
        with nullcontext() if self._gauge is None else self._gauge.evaluating(interrupt):
            slots = run(ready.plan, values, self._backend, interrupt)
        found = [
            self._backend.to_host(arrays[-1 - place] if place < 0 else slots[place], spec)
            for place, spec in zip((*ready.outputs, *ready.gradients), ready.specs, strict=True)
        ]
        del held
        count = len(ready.outputs)
        took_ns = time.perf_counter_ns() - started
        return Answer(tuple(found[:count]), tuple(found[count:]), cached, took_ns)

    def _check_room(self, needed_bytes: int) -> None:
        """Nothing, where a call that needs so much may run; what it needs is known before it runs.

        Raises:
            OutOfMemoryError: it is too much for a call, or for what else this process holds now.
        """
        limit, gauge = self._limit_bytes, self._gauge
        if limit and needed_bytes > limit:
            raise OutOfMemoryError(
                f"{self.name}: a call may hold {limit} bytes, this one needs {needed_bytes}"
            )
        if gauge is not None and gauge.limit_bytes and gauge.held_bytes + needed_bytes > gauge.limit_bytes:
            raise OutOfMemoryError(
                f"{self.name}: this worker may hold {gauge.limit_bytes} bytes, holds {gauge.held_bytes}, and "
                f"a call needs {needed_bytes}"
            )

    def _loaded(self, array: NDArray, spec: Spec) -> Any:
        host = np.ascontiguousarray(array, dtype=spec.dtype.typestr).reshape(spec.shape)
        return host if self._backend.xp is np else self._backend.xp.asarray(host)

    def _ready(self, mode: str, wrt: tuple[int, ...], length: int) -> tuple[_Ready, bool]:
        key = (mode, wrt, length)
        with self._lock:
            found = self._plans.get(key)
            if found is not None:
                self._plans.move_to_end(key)
                return found, True
        made = self._planned(want(self.blueprint, mode, wrt, length), 1 if mode == "per_sample" else length)
        with self._lock:
            self._plans[key] = made
            while len(self._plans) > _PLANS_KEPT:
                self._plans.popitem(last=False)
        return made, False

    def _planned(self, wanted: Wanted, length: int) -> _Ready:
        results = (*wanted.outputs, *wanted.gradients)
        selection = select(results, frozenset())
        for node, _ in selection.nodes:
            node.freed = True  # nobody comes back for residuals
        plan = compile_plan(selection)
        place = {id(leaf): i for i, leaf in enumerate(wanted.leaves)}
        slot_of = {number: slot for slot, number in plan.keeps}
        where = tuple(
            [
                -1 - place[id(v)] if v.node is None else slot_of[number]
                for v, number in zip(results, selection.wanted, strict=True)
            ]
        )
        loads = {number: place[id(selection.values[number])] for _, number in plan.loads}
        leaves = tuple([leaf.spec for leaf in wanted.leaves])
        count = len(wanted.outputs)
        return _Ready(
            plan,
            loads,
            leaves,
            self._constants_for(leaves, length),
            where[:count],
            where[count:],
            tuple([v.spec for v in results]),
        )

    def _constants_for(self, leaves: tuple[Spec, ...], length: int) -> tuple[Any, ...]:
        blueprint = self.blueprint
        varying = blueprint.varying_constants(length)
        made = []
        for i, spec in enumerate(leaves[len(leaves) - blueprint.constant_count :]):
            if i in varying:
                made.append(self._backend.from_bytes(varying[i], spec))
                continue
            known = self._constants.get(i)
            if known is None:
                known = self._constants[i] = self._backend.from_bytes(blueprint.constant(i), spec)
            made.append(known)
        return tuple(made)

    def _ordered(self, inputs: Mapping[str, Any] | Sequence[Any]) -> list[NDArray]:
        if isinstance(inputs, Mapping):
            missing = [i.name for i in self.inputs if i.name not in inputs]
            unknown = [name for name in inputs if name not in self.blueprint.index]
            if missing or unknown:
                told = f"no {missing[0]}" if missing else f"{unknown[0]!r:.80} too"
                takes = ", ".join(self.blueprint.index) or "nothing"
                raise ArgumentError(f"{self.name}: takes {takes:.400}; got {told}")
            inputs = [inputs[i.name] for i in self.inputs]
        if len(inputs) != len(self.inputs):
            raise ArityError(f"{self.name}: takes {len(self.inputs)} arrays, got {len(inputs)}")
        return [np.asarray(x) for x in inputs]

    def _chosen(self, wrt: Sequence[str | int] | None) -> tuple[int, ...]:
        chosen = []
        for name in self.parameters if wrt is None else wrt:
            position = self.blueprint.index.get(name, -1) if isinstance(name, str) else name
            if not 0 <= position < len(self.inputs):
                raise ArgumentError(f"{self.name}: has no input {name!r:.80}")
            given = self.inputs[position]
            if not given.spec.dtype.is_differentiable:
                raise GradientError(
                    f"input {given.name}: gradients are for floating point or complex inputs, "
                    f"got {given.spec!r}"
                )
            chosen.append(position)
        if len(set(chosen)) != len(chosen):
            raise ArgumentError("call: an input is named twice in wrt")
        return tuple(chosen)

    def _length(self, arrays: Sequence[NDArray]) -> int:
        """The length of the batch axis, the same in all inputs that have it; 0 where none has."""
        found = -1
        for given, array in zip(self.inputs, arrays, strict=True):
            if not given.batched:
                continue
            if not array.ndim:
                raise ShapeError(f"input {given.name}: requires a batch axis, got a number")
            if found not in (-1, array.shape[0]):
                raise ShapeError(
                    f"input {given.name}: one length of batch for all, got {found} and {array.shape[0]}"
                )
            found = array.shape[0]
        return max(found, 0)


def _check(name: str, array: NDArray, spec: Spec) -> None:
    if array.shape != spec.shape:
        raise ShapeError(f"{name}: requires {spec!r}, got shape {list(array.shape)}")
    if by_typestr.get(array.dtype.newbyteorder("<").str) is not spec.dtype:
        raise DTypeError(f"{name}: requires {spec!r}, got type {array.dtype.name}")
