"""L-BFGS: the inverse Hessian from the latest gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from telegrad import _primitives as p
from telegrad.autograd.mode import asked_later, enable_grad, no_grad
from telegrad.making.creation import fetch_together
from telegrad.making.promotion import constant
from telegrad.optim.history import Ahead, History
from telegrad.optim.line_search import Point, strong_wolfe
from telegrad.optim.optimizer import Closure, Optimizer, Params, State
from telegrad.optim.stepping import add_scaled, as_reals, check_lr, plain, scaled, zeros
from telegrad.sharing import writing
from telegrad.tensor import Tensor
from telegrad_proto.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """What a closure gave.

    Attributes:
        value: the loss: a tensor, or a number.
        grad: the gradient, flat.
        kept: the gradients that its backward passes have added.
    """

    value: Any
    grad: Tensor
    kept: list[Tensor]


class LBFGS(Optimizer):
    """Steps along the gradient times an inverse Hessian that the latest gradients tell.

    The vectors stay where the graph is computed; what decides how to go on are a few numbers, which come with
    the loss: an evaluation is one message. So what the next iteration would begin with is computed before it
    is known whether there is one.

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
        here = self._evaluated(closure)
        first, grad = here.value, here.grad
        step = scaled(state["d"], state["t"]) if "d" in state else None
        loss, ahead, _ = self._look(state, here, step)
        evaluations = 1
        state["func_evals"] += 1
        if ahead.largest <= group["tolerance_grad"]:
            return first
        tolerance = group["tolerance_change"]
        rate = plain(group["lr"])
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            state["prev_flat_grad"], state["prev_loss"] = grad, loss
            state["history"], direction = ahead.history, ahead.direction
            length = min(1.0, 1.0 / ahead.total) * rate if state["n_iter"] == 1 else rate
            state["d"], state["t"] = direction, length
            if ahead.slope > -tolerance:
                break
            used, before, norm = 0, loss, ahead.norm
            last = iteration == group["max_iter"]
            new: Ahead | None = None
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise ArgumentError("only 'strong_wolfe' is supported")
                point, used = strong_wolfe(
                    self._on_line(closure, state),
                    Point(0.0, loss, grad, ahead.slope),
                    length,
                    norm,
                    1e-9,
                    group["max_eval"] - evaluations,
                )
                loss, grad, length, new = point.loss, point.grad, point.at, point.ahead
                state["t"] = length
                self._move(length, direction)
            else:
                self._move(length, direction)
                if not last:
                    here, used = self._evaluated(closure), 1
                    grad = here.grad
                    loss, new, _ = self._look(state, here, scaled(direction, length))
            evaluations += used
            state["func_evals"] += used
            if last or evaluations >= group["max_eval"]:
                break
            if new is None:  # the search came back to a place before the latest
                _, new, _ = self._look(state, _Evaluation(loss, grad, []), scaled(direction, length))
            ahead = new
            if (
                ahead.largest <= group["tolerance_grad"]
                or norm * abs(length) <= tolerance
                or abs(loss - before) < tolerance
            ):
                break
        return first

    def _evaluated(self, closure: Closure) -> _Evaluation:
        with asked_later() as kept:
            value = closure()
        return _Evaluation(value, self._flat_grad(), kept)

    def _look(
        self, state: State, here: _Evaluation, step: Tensor | None, *more: Tensor
    ) -> tuple[float, Ahead, list[float]]:
        """The loss, what the next iteration begins with, and more numbers: one message for all of them.

        Args:
            state: of the iteration before.
            here: loss and gradient now.
            step: how the parameters came here; None at the very beginning.
            more: what else to look at.
        """
        grad, value = here.grad, here.value
        product: list[Tensor] = []
        if step is None:
            history = History(grad, self.param_groups[0]["history_size"])
            direction = p.neg(grad)
        else:
            history = state["history"].copy()
            product.append(history.add(step, p.sub(grad, state["prev_flat_grad"])))
            direction = history.direction(grad)
        asked = [_dot(grad, direction), _largest(direction), _largest(grad), _total(grad), *product, *more]
        if isinstance(value, Tensor):
            asked.append(value.detach().reshape(()))
        slope, norm, largest, total, *rest = _numbers(asked, here.kept)
        loss = rest.pop() if isinstance(value, Tensor) else float(value)
        for number in rest[: len(product)]:
            history.noted(number)
        return loss, Ahead(history, direction, slope, norm, largest, total), rest[len(product) :]

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

    def _on_line(self, closure: Closure, state: State) -> Callable[[float], Point]:
        """A function that gives the loss and its gradient so far along the direction, and comes back."""
        direction = state["d"]
        start = [p.identity(param) for param in self._params]
        latest: list[Point] = []

        def evaluate(at: float) -> Point:
            self._move(at, direction)
            here = self._evaluated(closure)
            for param, before in zip(self._params, start, strict=True):
                writing.write_copy(param, before)
            along = _dot(here.grad, direction)
            loss, ahead, (slope,) = self._look(state, here, scaled(direction, at), along)
            for point in latest:
                point.ahead = None  # each holds a history; the latest is nearly always where the search ends
            latest[:] = [Point(at, loss, here.grad, slope, ahead)]
            return latest[0]

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
            writing.write(real, add_scaled(real, p.reshape(part, shape=shape), length))
            start += count


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return p.sum(p.mul(a, b), axes=(0,), keepdims=False)


def _largest(x: Tensor) -> Tensor:
    return p.amax(p.abs(x), axes=(0,), keepdims=False)


def _total(x: Tensor) -> Tensor:
    return p.sum(p.abs(x), axes=(0,), keepdims=False)


def _numbers(asked: Sequence[Tensor], kept: Sequence[Tensor]) -> list[float]:
    """The numbers asked for; in the same message, other tensors are computed and stay there."""
    missing, demands = (
        [value for value in [x._refresh() for x in tensors] if value.id and value.local is None]
        for tensors in (asked, kept)
    )
    for recorder in {value.recorder for value in missing}:
        if recorder is not None:
            recorder.session.flush("look", missing, demands + recorder.take_written())
    return [float(array) for array in fetch_together(asked)]
