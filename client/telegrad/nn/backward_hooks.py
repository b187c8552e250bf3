"""Hooks on what flows back through a module: the gradients of its outputs, and of its inputs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.autograd.graph import titled
from telegrad.autograd.mode import MODE
from telegrad.functions.joining import joined
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError

#: Gets the gradients of some tensors and gives those to go on with.
Observer = Callable[[tuple[Tensor, ...]], Sequence[Any]]

Gradients = tuple[Any, ...]


class Watch:
    """One call of a module, whose gradients its hooks are to see.

    Args:
        module: the module.
        before: hooks of the gradients of the outputs, which may change these.
        after: hooks of the gradients of the inputs and the outputs, which may change those of the inputs.
    """

    def __init__(self, module: Any, before: Sequence[Any], after: Sequence[Any]) -> None:
        self.module, self.before, self.after = module, before, after
        self.inputs: tuple[int, ...] = ()
        self.given = 0
        self.outer: Gradients | None = None

    def inputs_of(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, watched."""
        self.given = len(args)
        watched, self.inputs = _watched(args, self._at_inputs)
        return watched

    def outputs_of(self, result: Any) -> Any:
        """The result, a tensor or a tuple of them, watched."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                f"received {type(result)}",
                stacklevel=4,
            )
            return result
        whole = result if isinstance(result, tuple) else (result,)

        def observe(gradients: tuple[Tensor, ...]) -> Gradients:
            return self._at_outputs(gradients, places, len(whole))

        watched, places = _watched(whole, observe)
        return watched if isinstance(result, tuple) else watched[0]

    def _at_outputs(self, found: tuple[Tensor, ...], places: tuple[int, ...], count: int) -> Gradients:
        self.outer = _spread(found, places, count)
        for hook in self.before:
            changed = hook(self.module, self.outer)
            if changed is not None:
                self.outer = _checked(changed, count, "Backward pre hook", "grad_output")
        result = tuple(self.outer[i] for i in places)
        if not self.inputs and self.after:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs "
                "since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module."
                "register_full_backward_hook for more details.",
                stacklevel=2,
            )
            for hook in self.after:
                changed = hook(self.module, (None,) * self.given, self.outer)
                if changed is not None and any(gradient is not None for gradient in changed):
                    raise GradientError(
                        "Backward hook for Modules where no input requires gradient should always return "
                        "None or None for all gradients."
                    )
            self.outer = None
        return result

    def _at_inputs(self, found: tuple[Tensor, ...]) -> Gradients:
        if self.outer is None:
            return found  # the gradient came another way than through the outputs
        gradients = _spread(found, self.inputs, self.given)
        for hook in self.after:
            changed = hook(self.module, gradients, self.outer)
            if changed is not None:
                gradients = _checked(changed, self.given, "Backward hook", "grad_input")
        self.outer = None
        return tuple(gradients[i] for i in self.inputs)


def _spread(found: Sequence[Any], places: Sequence[int], count: int) -> Gradients:
    """Gradients at their places, None at the others."""
    by_place = dict(zip(places, found, strict=True))
    return tuple(by_place.get(i) for i in range(count))


def _checked(changed: Any, count: int, who: str, what: str) -> Gradients:
    given = changed if isinstance(changed, tuple) else (changed,)
    if len(given) != count:
        raise GradientError(
            f"{who} returned an invalid number of {what}, got {len(given)}, but expected {count}"
        )
    return given


def _watched(values: tuple[Any, ...], observe: Observer) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The values; the tensors among them that require gradients are replaced by others of the same elements,
    whose gradients are observed, and stand at these places.
    """
    places = tuple(i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad)
    if not places or not MODE.grad:
        return values, ()
    tensors = [values[i] for i in places]
    # All in one vector, so that their gradients come together. A single one stays as it is.
    single = len(tensors) == 1
    whole = p.identity(tensors[0]) if single else joined([_flat(t) for t in tensors], 0)
    whole = titled(whole, "BackwardHookFunctionBackward")

    def hook(gradient: Tensor) -> Tensor | None:
        parts = (gradient,) if single else tuple(_cut(gradient, tensors))
        changed = observe(parts)
        if all(new is old for new, old in zip(changed, parts, strict=True)):
            return None
        # None, as in torch, is a gradient of zeros.
        filled = [p.sub(old, old) if new is None else new for new, old in zip(changed, parts, strict=True)]
        return filled[0] if single else joined([_flat(t) for t in filled], 0)

    whole.register_hook(hook)
    made = iter([whole] if single else _cut(whole, tensors))
    return tuple(next(made) if i in places else value for i, value in enumerate(values)), places


def _flat(tensor: Tensor) -> Tensor:
    return p.reshape(tensor, shape=(tensor.numel(),))


def _cut(whole: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The pieces of a vector, in the shapes of these tensors."""
    found, start = [], 0
    for tensor in like:
        shape = tuple(tensor.shape)
        end = start + math.prod(shape)
        piece = p.slice(whole, starts=(start,), limits=(end,), strides=(1,))
        found.append(p.reshape(piece, shape=shape))
        start = end
    return found
