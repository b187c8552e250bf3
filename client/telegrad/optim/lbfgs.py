"""L-BFGS: the inverse Hessian from the latest gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegrad import _primitives as p
from telegrad import storage
from telegrad.autograd.mode import enable_grad, no_grad
from telegrad.creation import array_from, fetch_together
from telegrad.optim.history import History
from telegrad.optim.line_search import Point, strong_wolfe
from telegrad.optim.optimizer import Closure, Optimizer, Params, State
from telegrad.optim.stepping import add_scaled, as_reals, check_lr, scaled, zeros
from telegrad.promotion import constant
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


class LBFGS(Optimizer):
    """Steps along the gradient times an inverse Hessian that the latest gradients tell.

    The vectors stay where the graph is computed; what decides how to go on are a few numbers, which cost
    about three messages an iteration.

    Args:
        params: tensors, in one group.
        lr: length of the step; with a line search of the first try.
        max_iter: iterations of one step, at most.
        max_eval: evaluations of one step, at most; by default 1.25 `max_iter`.
        tolerance_grad: a largest component of the gradient that is small enough to end.
        tolerance_change: a change of the loss, or of the parameters, that is.
        history_size: gradients remembered.
        line_search_fn: "strong_wolfe" or None.

    Source: Nocedal, Wright, Numerical Optimization, algorithm 7.4, in torch's form (torch/optim/lbfgs.py).

    Raises:
        ArgumentError: a setting is out of range, or there is more than one group.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        defaults: dict[str, Any] = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ArgumentError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]  # type: ignore[no-any-return]

    @no_grad()
    def step(self, closure: Closure) -> Any:
        """Goes on until a tolerance or a limit of the settings is met.

        Args:
            closure: computes the loss anew, with its gradients.

        Returns:
            What the closure returned first.

        Raises:
            ArgumentError: no such line search.
        """
        closure = enable_grad()(closure)
        group = self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, grad = float(first), self._flat_grad()
        evaluations = 1
        state["func_evals"] += 1
        largest, total = _numbers(_largest(grad), _total(grad))
        if largest <= group["tolerance_grad"]:
            return first
        tolerance = group["tolerance_change"]
        rate = group["lr"] if not isinstance(group["lr"], Tensor) else float(array_from(group["lr"]))
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction, product = self._direction(state, grad)
            state["prev_flat_grad"], state["prev_loss"] = grad, loss
            length = min(1.0, 1.0 / total) * rate if state["n_iter"] == 1 else rate
            state["d"], state["t"] = direction, length
            slope, norm, *added = _numbers(_dot(grad, direction), _largest(direction), *product)
            for value in added:
                state["history"].noted(value)
            if slope > -tolerance:
                break
            used = 0
            before = loss
            last = iteration == group["max_iter"]
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise ArgumentError("only 'strong_wolfe' is supported")
                point, used = strong_wolfe(
                    self._on_line(closure, direction),
                    Point(0.0, loss, grad, slope),
                    length,
                    norm,
                    1e-9,
                    group["max_eval"] - evaluations,
                )
                loss, grad, length = point.loss, point.grad, point.at
                state["t"] = length
                self._move(length, direction)
            else:
                self._move(length, direction)
                if not last:
                    loss, grad, used = float(closure()), self._flat_grad(), 1
            evaluations += used
            state["func_evals"] += used
            if last or evaluations >= group["max_eval"]:
                break
            (largest,) = _numbers(_largest(grad))
            if (
                largest <= group["tolerance_grad"]
                or norm * abs(length) <= tolerance
                or abs(loss - before) < tolerance
            ):
                break
        return first

    def _direction(self, state: State, grad: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Minus the gradient times the inverse Hessian, and what the history is to be told of."""
        if state["n_iter"] == 1:
            state["history"] = History(grad, self.param_groups[0]["history_size"])
            return p.neg(grad), []
        history = state["history"]
        change = p.sub(grad, state["prev_flat_grad"])
        product = history.add(scaled(state["d"], state["t"]), change)
        return history.direction(grad), [product]

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings in torch's layout, the history as lists of vectors."""
        found = super().state_dict()
        state = dict(found["state"])
        for key, held in state.items():
            if "history" not in held:
                continue
            state[key] = held = dict(held)
            history = held.pop("history")
            held["old_dirs"], held["old_stps"], held["ro"] = history.pairs()
            held["H_diag"] = history.guess
            held["al"] = [None] * self.param_groups[0]["history_size"]  # torch's room for a step's weights
        return {**found, "state": state}

    def _complete(self) -> None:
        super()._complete()
        limit = self.param_groups[0]["history_size"]
        for state in self.state.values():
            if "old_dirs" in state:
                pairs = state.pop("old_dirs"), state.pop("old_stps")
                for name in ("ro", "al"):
                    state.pop(name, None)
                like = state["prev_flat_grad"]
                guess = state.pop("H_diag")
                guess = guess if isinstance(guess, Tensor) else constant(guess, like.dtype)
                state["history"] = History.of(*pairs, p.identity(guess), like, limit)

    def _on_line(self, closure: Closure, direction: Tensor) -> Callable[[float], Point]:
        """A function that gives the loss and its gradient so far along the direction, and comes back."""
        start = [p.identity(param) for param in self._params]

        def evaluate(at: float) -> Point:
            self._move(at, direction)
            loss, grad = float(closure()), self._flat_grad()
            for param, value in zip(self._params, start, strict=True):
                storage.write_copy(param, value)
            return Point(at, loss, grad, _numbers(_dot(grad, direction))[0])

        return evaluate

    def _flat_grad(self) -> Tensor:
        found = []
        for param in self._params:
            grad = zeros(param) if param.grad is None else param.grad
            (real,) = as_reals(p.identity(grad))  # a value of its own: `grad` may be written to
            found.append(p.reshape(real, shape=(real.numel(),)))
        return p.concatenate(*found, axis=0)

    def _move(self, length: float, direction: Tensor) -> None:
        start = 0
        for param in self._params:
            (real,) = as_reals(param)
            count, shape = real.numel(), real._value.spec.shape
            part = p.slice(direction, starts=(start,), limits=(start + count,), strides=(1,))
            storage.write(real, add_scaled(real, p.reshape(part, shape=shape), length))
            start += count


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return p.sum(p.mul(a, b), axes=(0,), keepdims=False)


def _largest(x: Tensor) -> Tensor:
    return p.amax(p.abs(x), axes=(0,), keepdims=False)


def _total(x: Tensor) -> Tensor:
    return p.sum(p.abs(x), axes=(0,), keepdims=False)


def _numbers(*tensors: Tensor) -> list[float]:
    """The tensors' numbers: one message for all of them."""
    return [float(array) for array in fetch_together(tensors)]
