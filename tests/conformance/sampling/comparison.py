"""One call in both modules, and what differs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

import numpy as np
import torch

from tests.conformance.exchange import array
from tests.conformance.sampling.givens import Array, Given, as_torch, changed, givens_in
from tests.conformance.scoring import UP_TO_A_PHASE

#: How far two results may be apart, relative to the largest element, by torch's element type.
TOLERANCE: Final = {
    "float16": 4e-3,
    "float32": 3e-5,
    "float64": 1e-9,
    "complex64": 3e-5,
    "complex128": 1e-9,
}


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of one operator.

    Attributes:
        operator: its name in torch: "add", "linalg.svd", "Tensor.view".
        form: "function", "method", "in place", "property".
        name: what is looked up: the path of a function, the name of a method.
        args: positional arguments, tensors as Given.
        kwargs: named arguments.
        grad: whether gradients are compared.
    """

    operator: str
    form: str
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    grad: bool = True

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"{self.name} ({self.form}): {', '.join(parts)}"

    def key(self) -> tuple[Any, ...]:
        """Equal for equal calls."""
        plain = changed((self.args, self.kwargs), lambda v: "tensor" if isinstance(v, Given) else v)
        tensors = tuple(
            (g.dtype, g.numbers.shape, g.numbers.tobytes(), g.layout, g.requires_grad)
            for g in givens_in((self.args, self.kwargs))
        )
        return self.form, self.name, repr(plain), tensors

    def perform(self, module: ModuleType, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The call's result in a module."""
        if self.form == "function":
            called: Any = module
            for part in self.name.split("."):
                called = getattr(called, part)
            return called(*args, **kwargs)
        attribute = getattr(args[0], self.name)
        return attribute if self.form == "property" else attribute(*args[1:], **kwargs)


@dataclass(slots=True)
class Side:
    """What one module made of a call.

    Attributes:
        error: what it raised.
        result: what it returned.
        tensors: the arguments, after the call.
        gradients: of the leaves; None where there are none to compare.
    """

    error: BaseException | None = None
    result: Any = None
    tensors: list[Any] = field(default_factory=list)
    gradients: list[Any] | None = None


def builtin_of(error: BaseException) -> type[BaseException]:
    """The builtin class that an exception of PyTorch's is one of."""
    return next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")


def tensors_in(result: Any, kind: type) -> list[Any]:
    """The tensors in a result, in order."""
    if isinstance(result, kind):
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    return [t for item in result for t in tensors_in(item, kind)] if isinstance(result, (list, tuple)) else []


def cotangent(shape: tuple[int, ...], dtype: str) -> Array:
    """A gradient to start from: different numbers, the same each time."""
    count = math.prod(shape)
    numbers: Array = 1.0 + 0.5 * np.cos(np.arange(count, dtype=np.float64))
    if dtype.startswith("complex"):
        numbers = numbers + 0.25j
    return np.asarray(numbers, dtype=dtype).reshape(shape)


def run(call: Call, module: ModuleType, kind: type, tensor: Callable[[Array], Any]) -> Side:
    """What a module makes of a call."""
    side, leaves = Side(), []

    def make(value: Any) -> Any:
        if isinstance(value, Given):
            made, leaf = value.make(module, tensor)
            side.tensors.append(made)
            if value.requires_grad:
                leaves.append(leaf)
            return made
        if isinstance(value, torch.dtype):
            return getattr(module, str(value).removeprefix("torch."))
        return value

    try:
        args, kwargs = changed(call.args, make), changed(call.kwargs, make)
        side.result = call.perform(module, args, kwargs)
    except Exception as error:  # noqa: BLE001  # what it raises is what is compared
        side.error = error
        return side
    if call.grad and leaves:
        outputs = [t for t in tensors_in(side.result, kind) if t.requires_grad and t.numel()]
        if outputs:
            try:
                cts = [
                    tensor(cotangent(tuple(t.shape), str(t.dtype).removeprefix("torch."))) for t in outputs
                ]
                side.gradients = list(module.autograd.grad(outputs, leaves, cts, allow_unused=True))
            except Exception as error:  # noqa: BLE001
                side.error = error
    return side


def run_torch(call: Call) -> Side:
    """What PyTorch makes of a call."""
    return run(call, torch, torch.Tensor, as_torch)


def structure(result: Any, kind: type) -> Any:
    """A result with its tensors taken out: what has to be equal as it is."""
    if isinstance(result, kind):
        return "tensor"
    if isinstance(result, (list, tuple)):
        return tuple(structure(item, kind) for item in result)
    if isinstance(result, dict):
        return {key: structure(item, kind) for key, item in result.items()}
    if isinstance(result, (float, complex)) and result != result:
        return "nan"
    if isinstance(result, float):
        return f"{result:.5g}"
    if result is None or isinstance(result, (bool, int, complex, str)):
        return result
    return str(result).removeprefix("torch.")


def numbers_differ(mine: Array, theirs: Array, *, numbers: bool = True) -> str:
    """What differs between two arrays, or nothing."""
    if mine.shape != theirs.shape:
        return f"shape {mine.shape}, torch {theirs.shape}"
    if mine.dtype != theirs.dtype:
        return f"dtype {mine.dtype}, torch {theirs.dtype}"
    if not numbers:
        return ""
    if theirs.dtype.kind not in "fc":
        return "" if np.array_equal(mine, theirs) else f"{_shown(mine)}, torch {_shown(theirs)}"
    share = TOLERANCE[theirs.dtype.name]
    wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
    a, b = mine.astype(wide), theirs.astype(wide)
    with np.errstate(all="ignore"):
        finite = np.abs(b[np.isfinite(b)])
        scale = float(finite.max()) if finite.size else 1.0
        close = np.isclose(a, b, rtol=share, atol=share * min(max(scale, 1.0), 1e300), equal_nan=True)
        if theirs.dtype.kind == "c":
            close |= (~np.isfinite(a)) & (~np.isfinite(b))
        elif theirs.dtype.name != "float64":
            # On the edge of overflow: the last rounding decides.
            edge = float(np.finfo(theirs.dtype).max) * 0.99
            close |= (np.abs(a) >= edge) & (np.abs(b) >= edge) & (np.sign(a) == np.sign(b))
    apart = ~np.atleast_1d(close)
    mine, theirs = np.atleast_1d(mine), np.atleast_1d(theirs)
    return "" if close.all() else f"{_shown(mine[apart])}, torch {_shown(theirs[apart])}"


def _shown(numbers: Array) -> str:
    return " ".join(str(numbers.tolist()).split())[:90]


def difference(call: Call, mine: Side, theirs: Side, kind: type, *, numbers: bool = True) -> str:
    """What differs between two sides of a call, or nothing; looks at telegrad's tensors.

    Args:
        call: the call.
        mine: telegrad's side.
        theirs: PyTorch's side.
        kind: telegrad's class of tensors.
        numbers: False where the numbers are random, and only shape and type are compared.
    """
    if theirs.error is not None or mine.error is not None:
        if theirs.error is None:
            return f"raises {type(mine.error).__name__}: {str(mine.error)[:160]}"
        wanted = builtin_of(theirs.error)
        if mine.error is None:
            return f"answers, torch {wanted.__name__}: {str(theirs.error)[:160]}"
        if not isinstance(mine.error, wanted):
            said = f"raises {type(mine.error).__name__}: {str(mine.error)[:120]}"
            return f"{said}, torch {wanted.__name__}: {str(theirs.error)[:120]}"
        return ""
    forms = structure(mine.result, kind), structure(theirs.result, torch.Tensor)
    if forms[0] != forms[1]:
        return f"result {forms[0]!s:.120}, torch {forms[1]!s:.120}"
    phased = numbers and call.operator in UP_TO_A_PHASE
    pairs = list(zip(tensors_in(mine.result, kind), tensors_in(theirs.result, torch.Tensor), strict=True))
    for i, (m, t) in enumerate(pairs):
        if numbers and bool(m.requires_grad) != bool(t.requires_grad):
            return f"output {i}: requires_grad {m.requires_grad}, torch {t.requires_grad}"
        known = [np.abs(array(x)) if phased else array(x) for x in (m, t)]
        found = numbers_differ(known[0], known[1], numbers=numbers)
        if found:
            return f"output {i}: {found}"
    for i, (m, t) in enumerate(zip(mine.tensors, theirs.tensors, strict=True) if numbers else ()):
        found = numbers_differ(array(m), array(t))
        if found:
            return f"argument {i} afterwards: {found}"
    if phased or not numbers:
        return ""
    if (mine.gradients is None) != (theirs.gradients is None):
        return f"gradients {mine.gradients is not None}, torch {theirs.gradients is not None}"
    for i, (m, t) in enumerate(zip(mine.gradients or (), theirs.gradients or (), strict=True)):
        if m is None and t is None:
            continue
        if m is None or t is None:
            if array(m if t is None else t).any():
                return f"gradient {i}: torch's or telegrad's is there, and not the other's"
            continue
        found = numbers_differ(array(m), array(t))
        if found:
            return f"gradient {i}: {found}"
    return ""
