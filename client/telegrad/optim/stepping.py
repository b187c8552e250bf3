"""A step that treats each parameter alone, and the arithmetic that such steps are written in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.autograd.mode import enable_grad
from telegrad.making.creation import array_from, filled, from_array
from telegrad.making.promotion import Number, cast, constant, get_default_dtype, number
from telegrad.optim.optimizer import Closure, Group, Optimizer, State
from telegrad.sharing import views, writing
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError

Factor = Number | Tensor


class Stepping(Optimizer, ABC):
    """An optimiser whose step treats each parameter alone."""

    def step(self, closure: Closure | None = None) -> Any:
        """Changes every parameter that has a gradient: recorded, and sent with the next message.

        Args:
            closure: computes the loss anew, with its gradients.

        Returns:
            What the closure returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            with grad_mode(bool(group.get("differentiable"))):
                for param in group["params"]:
                    grad = param.grad
                    if grad is None:
                        continue
                    state = self.state.get(param, {})
                    self._update(param, p.neg(grad) if group.get("maximize") else grad, state, group)
                    if state:
                        self.state[param] = state
        return loss

    @abstractmethod
    def _update(self, param: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """Changes one parameter, and its state."""

    def _complete(self) -> None:
        super()._complete()
        for state in self.state.values():
            for name in ("step", "mu_product", "eta", "mu"):
                if isinstance(state.get(name), (int, float)):
                    state[name] = count(state[name])


def check_lr(lr: Any) -> None:
    """Accept a learning rate: a number, or a tensor of one.

    Raises:
        ArgumentError: it is negative, or a tensor of several.
    """
    require_one(lr)
    not_negative("learning rate", lr)


def require_one(lr: Any) -> None:
    """Accept a number, or a tensor of one.

    Raises:
        ArgumentError: it is a tensor of several.
    """
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ArgumentError("Tensor lr must be 1-element")


def not_below_zero(what: str, value: Any) -> None:
    """Accept a setting that is 0 or more, in the words of torch's newer optimizers.

    Raises:
        ArgumentError: it is negative, or not a number.
    """
    if not value >= 0.0:
        raise ArgumentError(f"{what} should be >= 0 but is: {value}")


def not_negative(what: str, value: Any) -> None:
    """Accept a setting that is 0 or more.

    Raises:
        ArgumentError: it is negative, or not a number.
    """
    if not value >= 0.0:
        raise ArgumentError(f"Invalid {what}: {value}")


def check_betas(betas: Any) -> None:
    """Accept two decay rates in [0, 1).

    Raises:
        ArgumentError: one is outside.
    """
    for i in range(2):
        if not 0.0 <= betas[i] < 1.0:
            raise ArgumentError(f"Invalid beta parameter at index {i}: {betas[i]}")


def check_fused(fused: Any, foreach: Any, differentiable: Any) -> None:
    """Accept torch's choice of an implementation; here there is one.

    Raises:
        ArgumentError: the choices exclude each other.
    """
    if fused and differentiable:
        raise ArgumentError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise ArgumentError("`fused` and `foreach` cannot be `True` together.")


def _count_dtype() -> DType:
    return dtypes.float64 if get_default_dtype() is dtypes.float64 else dtypes.float32


def count(value: float = 0.0) -> Tensor:
    """A number of the state that is known here: to read it costs no message."""
    return from_array(np.asarray(value, _count_dtype().typestr))


def known(state: State, name: str) -> float:
    """A number of the state."""
    return float(array_from(state[name]))


def note(state: State, name: str, value: Any) -> None:
    """Changes a number of the state, rounded to its type."""
    held = state[name]
    writing.write(held, from_array(np.asarray(value, held.dtype.typestr)))


def advance(state: State) -> float:
    """The number of the step that begins."""
    step = known(state, "step") + 1
    note(state, "step", step)
    return step


def plain(lr: Factor) -> float:
    """A learning rate as a number, for settings that are computed from it here."""
    return float(array_from(lr).reshape(())) if isinstance(lr, Tensor) else lr  # type: ignore[return-value]


def zeros(param: Tensor) -> Tensor:
    """Zeros like the parameter: the start of an average."""
    spec = param._value.spec
    return filled(spec.shape, 0, spec.dtype, False)


def factor(value: Factor, dtype: DType) -> Tensor:
    """A setting as an operand: a leaf, so that its value is no part of the plan."""
    if isinstance(value, Tensor):
        return cast(value if not value.ndim else value.reshape(()), dtype)
    return constant(number(value), dtype)


def scaled(x: Tensor, by: Factor) -> Tensor:
    """x * by."""
    return p.mul(x, factor(by, x._value.spec.dtype))


def plus(x: Tensor, value: Factor) -> Tensor:
    """x + value."""
    return p.add(x, factor(value, x._value.spec.dtype))


def add_scaled(x: Tensor, y: Tensor, by: Factor) -> Tensor:
    """x + by * y."""
    return p.add(x, scaled(y, by))


def add_ratio(x: Tensor, a: Tensor, b: Tensor, by: Factor) -> Tensor:
    """x + by * a / b."""
    return p.add(x, p.div(scaled(a, by), b))


def moved(average: Tensor, grad: Tensor, share: float) -> Tensor:
    """The average, moved towards the gradient by this share of the way."""
    way = p.sub(grad, average)
    return add_scaled(average, way, share) if share < 0.5 else p.sub(grad, scaled(way, 1 - share))


def squares(average: Tensor, grad: Tensor, decay: float) -> Tensor:
    """decay * average + (1 - decay) * grad * grad."""
    return p.add(scaled(average, decay), p.mul(scaled(grad, 1 - decay), grad))


def decayed(grad: Tensor, param: Tensor, weight_decay: Factor) -> Tensor:
    """The gradient with that of the parameter's squared norm, half of it, added."""
    if not isinstance(weight_decay, Tensor) and weight_decay == 0:
        return grad
    return add_scaled(grad, param, weight_decay)


def as_reals(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Complex tensors as pairs of reals in the same memory; real ones as they are."""
    return tuple([views.as_real(x) if x.dtype.kind == "c" else x for x in tensors])
