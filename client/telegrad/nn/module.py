"""nn.Module: what a layer or a network is."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

from telegrad.autograd.hooks import Handle
from telegrad.autograd.mode import no_grad
from telegrad.making.creation import dtype_of, dtype_of_class
from telegrad.nn.backward_hooks import Watch
from telegrad.nn.module_hooks import (
    BACKWARD,
    BACKWARD_PRE,
    FORWARD,
    FORWARD_PRE,
    after_forward,
    before_forward,
    hooked,
)
from telegrad.nn.state import Stateful
from telegrad.tensor import Tensor
from telegrad.types import check_device, device, memory_format
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError, GraphError


class MissingForwardError(GraphError, NotImplementedError):
    """A module was called whose class has no `forward`."""


class Module(Stateful):
    """A function with parameters. Subclasses write `forward`.

    Attributes:
        training: layers such as dropout do what they do in training.
    """

    training: bool
    _forward_hooks: dict[int, Callable[..., Any]]
    _forward_pre_hooks: dict[int, Callable[..., Any]]
    _backward_hooks: dict[int, Callable[..., Any]]
    _backward_pre_hooks: dict[int, Callable[..., Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        if kwargs:
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'")
        if args:
            raise TypeError(f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given")
        super().__init__()
        object.__setattr__(self, "training", True)
        for hooks in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
            object.__setattr__(self, hooks, {})

    forward: Callable[..., Any]

    def _no_forward(self, *args: Any) -> None:
        raise MissingForwardError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (
            self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks
        ) or (FORWARD or FORWARD_PRE or BACKWARD or BACKWARD_PRE):
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        result: Any = None
        try:
            for hook in [*FORWARD_PRE.values(), *self._forward_pre_hooks.values()]:
                args, kwargs = hook(self, args, kwargs)
            watch = None
            before = [*BACKWARD_PRE.values(), *self._backward_pre_hooks.values()]
            after = [*BACKWARD.values(), *self._backward_hooks.values()]
            if before or after:
                watch = Watch(self, before, after)
                args = watch.inputs_of(args)
            result = self.forward(*args, **kwargs)
            for hook in [*FORWARD.values(), *self._forward_hooks.values()]:
                called.add(id(hook))
                changed = hook(self, args, kwargs, result)
                if changed is not None:
                    result = changed
            return result if watch is None else watch.outputs_of(result)
        except Exception:
            for hook in [*FORWARD.values(), *self._forward_hooks.values()]:
                if id(hook) not in called and getattr(hook, "always", False):
                    self._call_after_error(hook, args, kwargs, result)
            raise

    def _call_after_error(
        self, hook: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        try:
            hook(self, args, kwargs, result)
        except Exception as error:  # noqa: BLE001 - the forward's own error is the one to raise
            warnings.warn(
                "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                f"another error was raised in forward: {error}",
                stacklevel=2,
            )

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Calls `hook(module, args)` before the forward; what it returns takes the arguments' place.

        Args:
            hook: the function.
            prepend: call it before those that are there.
            with_kwargs: call `hook(module, args, kwargs)`, which returns both or None.
        """
        return hooked(self._forward_pre_hooks, before_forward(hook, with_kwargs=with_kwargs), prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> Handle:
        """Calls `hook(module, args, output)` after the forward; what it returns takes the output's place.

        Args:
            hook: the function.
            prepend: call it before those that are there.
            with_kwargs: call `hook(module, args, kwargs, output)`.
            always_call: call it even if the forward raises.
        """
        call = after_forward(hook, with_kwargs=with_kwargs, always_call=always_call)
        return hooked(self._forward_hooks, call, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Calls `hook(module, grad_output)` when the gradients of the outputs are there; what it returns
        takes their place.
        """
        return hooked(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Calls `hook(module, grad_input, grad_output)` when the gradients of the inputs are there; what it
        returns takes their place.
        """
        return hooked(self._backward_hooks, hook, prepend=prepend)

    def train(self, mode: bool = True) -> Self:
        """Itself, in training mode or out of it, with all modules below.

        Raises:
            ArgumentError: the mode is no bool.
        """
        if not isinstance(mode, bool):
            raise ArgumentError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Itself, out of training mode."""
        return self.train(False)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Itself, after the function was called with every module below and this one, innermost first."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Itself, all parameters recorded for differentiation or no longer."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Takes all parameters' gradients away, or fills them with zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach().new_zeros(parameter.grad.shape)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Itself, all tensors replaced by what the function makes of them."""
        for module in self.children() if recurse else ():
            module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                _replace(parameter, fn)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *where: Any, **named: Any) -> Self:
        """Itself, with parameters and buffers of floating point in another type.

        Takes what torch takes: a dtype, a device (`cpu`), both, or a tensor whose type is meant.

        Raises:
            TypeError: the type is an integer one.
        """
        wanted = named.pop("dtype", None)
        check_device(named.pop("device", None))
        for argument in where:
            if isinstance(argument, Tensor):
                wanted = argument.dtype
            elif isinstance(argument, (str, device)):
                check_device(argument)
            elif argument is not None and not isinstance(argument, (memory_format, bool)):
                wanted = argument
        if wanted is None:
            return self
        dtype = dtype_of(wanted)
        if not dtype.is_differentiable:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype!r}"
            )
        return self._apply(lambda t: t.to(dtype) if t.dtype.is_differentiable else t)

    def _as(self, dtype: DType) -> Self:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self) -> Self:
        """Itself, with floating point tensors as float32."""
        return self._as(dtypes.float32)

    def double(self) -> Self:
        """Itself, with floating point tensors as float64."""
        return self._as(dtypes.float64)

    def half(self) -> Self:
        """Itself, with floating point tensors as float16."""
        return self._as(dtypes.float16)

    def type(self, dst_type: Any) -> Self:
        """Itself, with all tensors in another type."""
        dtype = dtype_of_class(dst_type)
        return self._apply(lambda t: t.to(dtype))

    def cpu(self) -> Self:
        """Itself: all tensors are there, from the program's point of view."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Not to be had: the server chooses its device.

        Raises:
            GraphError: always.
        """
        check_device("cuda")
        return self

    def share_memory(self) -> Self:
        """Itself: the tensors are elsewhere already."""
        return self

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What the printed module shows of its settings; for subclasses to say."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        below = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if not extra and not below:
            return f"{self._get_name()}()"
        if len(extra) == 1 and not below:
            return f"{self._get_name()}({extra[0]})"
        return f"{self._get_name()}(\n  " + "\n  ".join(extra + below) + "\n)"


Module.forward = Module._no_forward


def indented(text: str) -> str:
    """The text, all lines but the first moved in by two."""
    first, *others = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in others)])


def _replace(parameter: Tensor, fn: Callable[[Tensor], Tensor]) -> None:
    gradient = parameter.grad
    made = fn(parameter)
    if made is not parameter:
        parameter.data = made
    if gradient is not None:
        changed = fn(gradient)
        if changed is not gradient:
            parameter.grad = changed.detach()
