"""`gradcheck`: derivatives held against central differences.

All evaluations are recorded first and come with one message.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from telegrad.autograd.batched import gradients
from telegrad.autograd.functional import jvp
from telegrad.making.creation import fetch_together, from_array
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor
from telegrad.wire.convert import NDArray
from telegrad_proto.dtypes import complex128, float64
from telegrad_proto.errors import ArgumentError

Tensors = tuple[Any, ...]


class GradcheckError(RuntimeError):
    """Gradients that are not those of the function."""


_NOT_REENTRANT: Final = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
    "different values, although analytical gradient matches numerical gradient.The tolerance for "
    "nondeterminism was {tolerance}."
)


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of a function are those that central differences give.

    Args:
        func: gives one tensor or several.
        inputs: its arguments; those that require a gradient are moved.
        eps: by how much.
        atol: absolute tolerance.
        rtol: relative tolerance.
        raise_exception: raise an error that says what differs, in place of False.
        nondet_tol: how much two passes may differ.
        check_undefined_grad: also see that outputs may be left out of a pass.
        check_grad_dtypes: also see that a gradient has its input's type.
        check_batched_grad: also see that many passes at once give what they give one by one.
        check_batched_forward_grad: accepted: directions are pushed by batched passes as all else is.
        check_forward_ad: also check `jvp`.
        check_backward_ad: check gradients.
        fast_mode: accepted: the whole Jacobian is compared.
        masked: accepted: there are no sparse tensors.

    Raises:
        GradcheckError: they differ, in torch's words.
        ValueError: no input requires a gradient.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    check = _Check(func, inputs, eps=eps, atol=atol, rtol=rtol)
    try:
        check.run(
            backward=check_backward_ad,
            forward=check_forward_ad,
            batched=check_batched_grad,
            undefined=check_undefined_grad,
            dtypes=check_grad_dtypes,
            nondet_tol=nondet_tol,
        )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


class _Check:
    """One function at one point, and what is compared there."""

    def __init__(
        self, func: Callable[..., Any], inputs: Any, *, eps: float, atol: float, rtol: float
    ) -> None:
        self.func = func
        self.inputs = sequence_of(inputs)
        self.eps, self.atol, self.rtol = eps, atol, rtol
        self.moved = [i for i, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.requires_grad]
        self._check_inputs()
        self.outputs = differentiable_of(func(*self.inputs))

    def _check_inputs(self) -> None:
        for i in self.moved:
            if self.inputs[i].dtype not in (float64, complex128):
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point or complex. "
                    "This check will likely fail if all the inputs are not of double precision floating "
                    "point or complex. ",
                    stacklevel=4,
                )
        if not self.moved:
            raise ArgumentError(
                "gradcheck expects at least one input tensor to require gradient, but none of them have "
                "requires_grad=True."
            )

    def run(
        self,
        *,
        backward: bool,
        forward: bool,
        batched: bool,
        undefined: bool,
        dtypes: bool,
        nondet_tol: float,
    ) -> None:
        """Compares everything that is asked for.

        Raises:
            GradcheckError: something differs.
        """
        numerical = self._numerical()
        if not self.outputs:
            if any(np.any(j) for j in numerical):
                raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        if backward:
            first = self._analytical(dtypes=dtypes)
            self._compare(numerical, first, "")
            again = self._analytical(dtypes=dtypes)
            for a, b in zip(first, again, strict=True):
                if np.abs(a - b).max(initial=0.0) > nondet_tol:
                    raise GradcheckError(_NOT_REENTRANT.format(tolerance=nondet_tol))
            if batched:
                self._compare(self._analytical(batched=True), first, "with batched gradients ")
            self._check_zero(undefined=undefined)
        if forward:
            self._compare(numerical, self._forward(), "computed with forward mode ")

    def _numerical(self) -> list[NDArray]:
        """For each moved input the Jacobian by central differences, real and imaginary parts apart.

        Shape: (elements of the input, elements of all outputs)
        """
        with grad_mode(False):
            arrays = fetch_together([self.inputs[i].detach() for i in self.moved])
            results: list[list[Tensor]] = []
            for position, array in zip(self.moved, arrays, strict=True):
                for step in _steps(array, self.eps):
                    for signed in (step, -step):
                        results.append(self._at(position, array + signed))  # noqa: PERF401
        flat = fetch_together([y for ys in results for y in ys])
        rows, at, found = [], 0, []
        for ys in results:
            rows.append(_flat(flat[at : at + len(ys)]))
            at += len(ys)
        at = 0
        for array in arrays:
            count = array.size * (2 if array.dtype.kind == "c" else 1)
            pairs = rows[at : at + 2 * count]
            slopes = [(pairs[2 * k] - pairs[2 * k + 1]) / (2 * self.eps) for k in range(count)]
            found.append(np.stack(slopes) if slopes else np.zeros((0, _flat_size(self.outputs))))
            at += 2 * count
        return found

    def _at(self, position: int, array: NDArray) -> list[Tensor]:
        moved = list(self.inputs)
        moved[position] = from_array(np.array(array, order="C"))
        outputs = self.func(*moved)
        return [y for y in sequence_of(outputs) if isinstance(y, Tensor) and y.dtype.is_differentiable][
            : len(self.outputs) or None
        ]

    def _analytical(self, *, dtypes: bool = False, batched: bool = False) -> list[NDArray]:
        """For each moved input the Jacobian by gradients, in the shape of the numerical one."""
        wrt = [self.inputs[i] for i in self.moved]
        columns: list[list[list[Tensor | None]]] = []
        for y in self.outputs:
            cts = [from_array(ct) for ct in _units(y)]
            if batched and cts:
                stacked = from_array(np.stack(_units(y)))
                wholes = gradients([y], wrt, [stacked], retain_graph=True, create_graph=False, batched=True)
                parts = [None if w is None else list(w.unbind(0)) for w in wholes]
                columns.append([[None if w is None else w[k] for w in parts] for k in range(len(cts))])
                continue
            columns.append([gradients([y], wrt, [ct], retain_graph=True, create_graph=False) for ct in cts])
        found = []
        fetch_together([g for rows in columns for row in rows for g in row if g is not None])
        for i, x in enumerate(wrt):
            made = []
            for row in [row for rows in columns for row in rows]:
                g = row[i]
                if g is None:
                    made.append(np.zeros(_flat_size([x])))
                    continue
                if dtypes and g.dtype is not x.dtype:
                    raise GradcheckError("Gradient has dtype mismatch")
                if g.shape != x.shape:
                    raise GradcheckError("Analytical gradient has incorrect size")
                made.append(_flat([g.detach().numpy()]))
            found.append(np.stack(made, axis=1) if made else np.zeros((_flat_size([x]), 0)))
        return found

    def _forward(self) -> list[NDArray]:
        found = []
        for position in self.moved:
            array = self.inputs[position].detach().numpy()

            def alone(x: Tensor, position: int = position) -> Tensors:
                given = list(self.inputs)
                given[position] = x
                return tuple(differentiable_of(self.func(*given)))

            moved = [
                jvp(alone, self.inputs[position].detach(), from_array(np.array(step, order="C")))[1]
                for step in _steps(array, 1.0)
            ]
            arrays = [fetch_together(list(m)) for m in moved]
            found.append(
                np.stack([_flat(a) for a in arrays]) if arrays else np.zeros((0, _flat_size(self.outputs)))
            )
        return found

    def _compare(self, numerical: list[NDArray], analytical: list[NDArray], mode: str) -> None:
        for i, (n, a) in enumerate(zip(numerical, analytical, strict=True)):
            start = 0
            for k, y in enumerate(self.outputs):
                size = _flat_size([y])
                half = y.numel()
                for part, (low, high) in enumerate(((0, half), (half, size))):
                    left, right = n[:, start + low : start + high], a[:, start + low : start + high]
                    if np.allclose(right, left, rtol=self.rtol, atol=self.atol, equal_nan=True):
                        continue
                    which = "imaginary" if part else "real"
                    prefix = (
                        f"While considering the {which} part of complex outputs only, "
                        if y.is_complex()
                        else ""
                    )
                    raise GradcheckError(
                        f"{prefix}Jacobian {mode}mismatch for output {k} with respect to input "
                        f"{self.moved[i]},\nnumerical:{left}\nanalytical:{right}\n"
                    )
                start += size

    def _check_zero(self, *, undefined: bool) -> None:
        """No weight, no gradient; and any of the outputs may have none."""
        wrt = [self.inputs[i] for i in self.moved]
        cts = [from_array(np.zeros(tuple(y.shape), y.dtype.typestr)) for y in self.outputs]
        made = gradients(self.outputs, wrt, cts, retain_graph=True, create_graph=False)
        arrays = fetch_together([g for g in made if g is not None])
        # Where a derivative is infinite, its product with zero is no number, in torch too.
        if any(np.any(a[np.isfinite(a)]) for a in arrays):
            raise GradcheckError("backward not multiplied by grad_output")
        if undefined and len(self.outputs) > 1:
            for y in self.outputs:
                try:
                    gradients([y], wrt, [y.detach()], retain_graph=True, create_graph=False)
                except RuntimeError as error:
                    raise GradcheckError(
                        "Expected backward function to handle undefined output grads."
                    ) from error


def sequence_of(value: Any) -> Tensors:
    """One argument or several, as several."""
    return value if isinstance(value, tuple) else tuple(value) if isinstance(value, list) else (value,)


def differentiable_of(outputs: Any) -> list[Tensor]:
    """Those of a function's outputs that have a gradient."""
    return [y for y in sequence_of(outputs) if isinstance(y, Tensor) and y.requires_grad]


def _steps(array: NDArray, eps: float) -> list[NDArray]:
    """One array for each real and each imaginary part, a step there and zeros else."""
    steps = []
    for scale in (eps, 1j * eps) if array.dtype.kind == "c" else (eps,):
        for k in range(array.size):
            step = np.zeros(array.size, array.dtype)
            step[k] = scale
            steps.append(step.reshape(array.shape))
    return steps


def _units(y: Tensor) -> list[NDArray]:
    """The weights that pick each real and each imaginary part of an output."""
    return _steps(np.zeros(tuple(y.shape), y.dtype.typestr), 1.0)


def _flat(arrays: Sequence[NDArray]) -> NDArray:
    """All elements in a row, for each array the real parts and then the imaginary ones."""
    parts: list[NDArray] = [np.zeros(0)]
    for array in arrays:
        parts += [array.real.ravel(), array.imag.ravel()] if array.dtype.kind == "c" else [array.ravel()]
    return np.concatenate(parts)


def _flat_size(tensors: Sequence[Tensor]) -> int:
    return sum(t.numel() * (2 if t.is_complex() else 1) for t in tensors)
