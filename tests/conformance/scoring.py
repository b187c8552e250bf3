"""One operator variant of PyTorch, sample by sample, held against the module under test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np
import torch

from tests.conformance.exchange import Array, Carrier, array, fresh_leaf, mapped, tensors
from tests.conformance.selection import entry_of, find

Mode = Literal["grad", "gradgrad"]
MODES: Final[tuple[Mode, ...]] = ("grad", "gradgrad")

#: Float64 against float64; the two may add in another order.
RELATIVE: Final = 1e-6
ABSOLUTE: Final = 1e-8

#: Step of the central differences, and what they are good for.
STEP: Final = 1e-5
DIFFERENCES_RELATIVE: Final = 1e-4
DIFFERENCES_ABSOLUTE: Final = 1e-6

#: Unique up to a sign or a phase only: their outputs are compared by absolute value.
UP_TO_A_PHASE: Final = frozenset({"linalg.eigh", "linalg.eig", "linalg.svd", "svd", "linalg.qr", "qr"})


@dataclass(slots=True)
class Score:
    """How one variant did.

    Attributes:
        variant: its full name.
        samples: how many PyTorch has of it.
        passed: how many of these came out equal.
        found: whether the module has the operator at all.
        failure: what the first failing sample said.
    """

    variant: str
    samples: int = 0
    passed: int = 0
    found: bool = True
    failure: str = ""

    @property
    def state(self) -> str:
        """passed, failed or missing."""
        if not self.found:
            return "missing"
        return "passed" if self.passed == self.samples else "failed"


def require_equal(mine: Any, theirs: Any, what: str) -> None:
    """Nothing, where both arrays have the same shape, type and numbers.

    Raises:
        AssertionError: they differ.
    """
    mine, theirs = np.asarray(mine), np.asarray(theirs)
    assert mine.shape == theirs.shape, f"{what}: shape {mine.shape}, torch {theirs.shape}"
    assert mine.dtype == theirs.dtype, f"{what}: dtype {mine.dtype}, torch {theirs.dtype}"
    if theirs.dtype.kind in "fc":
        np.testing.assert_allclose(mine, theirs, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True, err_msg=what)
    else:
        np.testing.assert_array_equal(mine, theirs, err_msg=what)


def differentiable(tensor: Any) -> bool:
    """Whether a gradient can start at this output."""
    return bool(tensor.requires_grad) and array(tensor).dtype.kind in "fc"


def or_zeros(gradient: Any, like: torch.Tensor) -> Array:
    """The gradient's numbers; no gradient is zero."""
    return np.zeros(tuple(like.shape), array(like).dtype) if gradient is None else array(gradient)


@dataclass(slots=True)
class Cotangents:
    """Random cotangents, the same for the same sample in every run."""

    draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def __call__(self, tensor: torch.Tensor) -> Array:
        """One for this tensor.

        Shape:
            the tensor's.
        """
        numbers: Any = self.draw.standard_normal(tuple(tensor.shape))
        if tensor.is_complex():
            numbers = numbers + 1j * self.draw.standard_normal(tuple(tensor.shape))
        return np.asarray(numbers, dtype=array(tensor).dtype)


@dataclass(slots=True)
class Sample:
    """One sample's results in both modules, with the leaves that want a gradient.

    Attributes:
        module: the module under test.
        call: its operator.
        arguments: the sample in PyTorch: input, args, kwargs.
        outputs: differentiable outputs: PyTorch's, the module's.
        leaves: leaves: PyTorch's, the module's.
    """

    module: ModuleType
    call: Callable[..., Any]
    arguments: tuple[Any, Any, dict[str, Any]]
    outputs: list[tuple[torch.Tensor, Any]]
    leaves: list[tuple[torch.Tensor, Any]]

    def remade(self) -> tuple[Callable[[], list[Any]], list[Any]]:
        """The module's operator on new leaves with PyTorch's present numbers, uncalled, and the leaves."""
        carrier = Carrier(self.module)
        first, args, kwargs = carrier.arguments(*self.arguments)
        leaves = [m for t, m in carrier.pairs if t.requires_grad]
        return lambda: tensors(self.call(first, *args, **kwargs), self.module.Tensor), leaves


def forward(variant: Any, sample: Any, module: ModuleType, call: Callable[..., Any]) -> Sample:
    """Both modules' results of one sample.

    Raises:
        AssertionError: they differ.
    """
    first, args, kwargs = mapped((sample.input, list(sample.args), dict(sample.kwargs)), fresh_leaf)
    both = Sample(module, call, (first, args, kwargs), [], [])
    # The module's leaves are made first: PyTorch's operator may write into its own.
    carrier = Carrier(module)
    mine_first, mine_args, mine_kwargs = carrier.arguments(first, args, kwargs)
    theirs = tensors(variant.op(first, *args, **kwargs), torch.Tensor)
    mine = tensors(call(mine_first, *mine_args, **mine_kwargs), module.Tensor)
    assert len(mine) == len(theirs), f"{len(mine)} outputs, torch {len(theirs)}"
    if variant.name in UP_TO_A_PHASE:
        theirs, mine = [t.abs() for t in theirs], [m.abs() for m in mine]
    for i, (t, m) in enumerate(zip(theirs, mine, strict=True)):
        require_equal(array(m), array(t), f"output {i}")
        wanted = differentiable(t)
        assert differentiable(m) == wanted, (
            f"output {i}: requires_grad {m.requires_grad}, torch {t.requires_grad}"
        )
        if wanted:
            both.outputs.append((t, m))
    both.leaves = [(t, m) for t, m in carrier.pairs if t.requires_grad]
    return both


def first_order(sample: Sample) -> None:
    """Nothing, where both modules' gradients agree.

    Raises:
        AssertionError: they differ.
    """
    theirs, mine = zip(*sample.outputs, strict=True)
    draw = Cotangents()
    cotangents = [draw(t) for t in theirs]
    torch.autograd.backward(list(theirs), [torch.from_numpy(ct) for ct in cotangents])
    sample.module.autograd.backward(list(mine), [sample.module.tensor(ct) for ct in cotangents])
    for i, (t, m) in enumerate(sample.leaves):
        require_equal(or_zeros(m.grad, t), or_zeros(t.grad, t), f"gradient of input {i}")


def _torchs_second(
    sample: Sample, cotangents: Sequence[Array], draw: Cotangents
) -> tuple[list[int], list[Array], Sequence[Any] | None]:
    """Which first gradients go on, their cotangents, and PyTorch's second gradients; None: it has none."""
    leaves = [t for t, _ in sample.leaves]
    chosen: list[int] = []
    again: list[Array] = []
    try:
        first = torch.autograd.grad(
            [t for t, _ in sample.outputs],
            leaves,
            [torch.from_numpy(ct) for ct in cotangents],
            create_graph=True,
            allow_unused=True,
        )
        chosen = [i for i, g in enumerate(first) if g is not None and g.requires_grad]
        again = [draw(first[i]) for i in chosen]
        if not chosen:
            return [], [], ()
        second = torch.autograd.grad(
            [first[i] for i in chosen], leaves, [torch.from_numpy(ct) for ct in again], allow_unused=True
        )
    except RuntimeError as error:  # NotImplementedError is one
        if "not implemented" not in str(error):
            raise
        return chosen, again, None
    return chosen, again, second


def second_order(sample: Sample) -> None:
    """Nothing, where the gradients of the gradients agree with PyTorch's, else with central differences.

    Raises:
        AssertionError: they differ.
    """
    module, draw = sample.module, Cotangents()
    cotangents = [draw(t) for t, _ in sample.outputs]

    def first(outputs: Sequence[Any], leaves: Sequence[Any]) -> Sequence[Any]:
        made = [module.tensor(ct) for ct in cotangents]
        found: Sequence[Any] = module.autograd.grad(
            list(outputs), list(leaves), made, create_graph=True, allow_unused=True
        )
        return found

    def second(gradients: Sequence[Any], again: Sequence[Array]) -> Sequence[Any]:
        made = [module.tensor(ct) for ct in again]
        found: Sequence[Any] = module.autograd.grad(
            list(gradients), [m for _, m in sample.leaves], made, allow_unused=True
        )
        return found

    chosen, again, theirs = _torchs_second(sample, cotangents, draw)
    if theirs is not None and not chosen:
        return
    mine = first([m for _, m in sample.outputs], [m for _, m in sample.leaves])
    if theirs is not None:
        for i, ((t, _), m2, t2) in enumerate(
            zip(sample.leaves, second([mine[i] for i in chosen], again), theirs, strict=True)
        ):
            require_equal(or_zeros(m2, t), or_zeros(t2, t), f"second gradient of input {i}")
        return

    chosen = [i for i, gradient in enumerate(mine) if gradient is not None]
    again = [draw(sample.leaves[i][0]) for i in chosen]
    smooth = [(mine[i], ct) for i, ct in zip(chosen, again, strict=True) if mine[i].requires_grad]
    # A first gradient that depends on nothing is constant: the differences below must be zero then.
    seconds = (
        second([g for g, _ in smooth], [ct for _, ct in smooth]) if smooth else [None] * len(sample.leaves)
    )
    direction = [draw(t) for t, _ in sample.leaves]
    analytic = sum(
        float(np.sum(or_zeros(m2, t) * v))
        for (t, _), m2, v in zip(sample.leaves, seconds, direction, strict=True)
    )

    def projected(step: float) -> float:
        moves = [(t, step * torch.from_numpy(v)) for (t, _), v in zip(sample.leaves, direction, strict=True)]
        with torch.no_grad():
            for leaf, move in moves:
                leaf += move
        call, leaves = sample.remade()
        with torch.no_grad():
            for leaf, move in moves:
                leaf -= move
        gradients = first([m for m in call() if differentiable(m)], leaves)
        return sum(
            float(np.sum(or_zeros(gradients[i], sample.leaves[i][0]) * ct))
            for i, ct in zip(chosen, again, strict=True)
        )

    numeric = (projected(STEP) - projected(-STEP)) / (2 * STEP)
    np.testing.assert_allclose(
        analytic,
        numeric,
        rtol=DIFFERENCES_RELATIVE,
        atol=DIFFERENCES_ABSOLUTE,
        err_msg="second derivative against central differences",
    )


def score(variant: Any, module: ModuleType, mode: Mode, *, seed: int = 0, entry: bool = False) -> Score:
    """How the module does on all of a variant's samples.

    Args:
        variant: PyTorch's.
        module: the module under test.
        mode: first order or second order.
        seed: of PyTorch's samples.
        entry: call the operator as PyTorch's table does, which may have a function around it.
    """
    if entry:
        call = entry_of(variant, module)
    else:
        call = variant.op if module is torch else find(module, variant.name)
    result = Score(variant.formatted_name, found=call is not None)
    torch.manual_seed(seed)
    for i, sample in enumerate(variant.sample_inputs("cpu", torch.float64, requires_grad=True)):
        result.samples += 1
        if call is None:
            continue
        try:
            both = forward(variant, sample, module, call)
            if both.outputs and both.leaves:
                first_order(both) if mode == "grad" else second_order(both)
            result.passed += 1
        except Exception as error:  # noqa: BLE001  # whatever the module raises is a finding
            if not result.failure:
                text = " ".join(str(error).split())[:160]
                result.failure = f"sample {i}: {type(error).__name__}: {text}"
    return result
