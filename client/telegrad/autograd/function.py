"""`autograd.Function`: a function whose derivative the user writes.

Forward and backward are ordinary code on tensors. What it does is recorded, so it runs where everything else
runs, and a training step with custom functions in it is still one message.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from telegrad import _primitives as p
from telegrad.autograd.context import FunctionCtx, Saved, Seen
from telegrad.autograd.custom import Cotangents, CustomNode, unwrapped
from telegrad.autograd.graph import Edge, counter_of, edge_of, leaf_edge
from telegrad.autograd.mode import MODE, no_grad
from telegrad.func.trees import flatten, spread, unflatten
from telegrad.making.creation import zeros
from telegrad.recording.batching import Level, batch_of, example, innermost
from telegrad.recording.recorder import current
from telegrad.recording.registry import FUNCTIONS
from telegrad.sharing.aliasing import detach, grad_mode
from telegrad.sharing.writing import write
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Value
from telegrad_proto.errors import GradientError, GraphError

__all__ = ["Function", "FunctionCtx", "FunctionMeta", "InplaceFunction", "Saved", "once_differentiable"]

_EXTENDING = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"


class NotWrittenError(GraphError, NotImplementedError):
    """A Function lacks the method that is needed."""


class VmapInfo(NamedTuple):
    """What a Function's own `vmap` is told: the number of examples, and what random numbers do."""

    batch_size: int
    randomness: str


class FunctionMeta(type):
    """Gives each Function the class of its nodes, which are its `ctx` too."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        super().__init__(name, bases, attrs)
        cls._backward_cls = type(name + "Backward", (FunctionCtx,), {"_forward_cls": cls})


class Function(metaclass=FunctionMeta):
    """The base of functions with derivatives of their own: `class Cube(Function)`, then `Cube.apply(x)`.

    Subclasses write `forward(ctx, ...)`, or `forward(...)` and `setup_context(ctx, inputs, output)`, and
    `backward(ctx, *gradients)`, all of them static.

    Attributes:
        generate_vmap_rule: forward and backward may be run on examples, inside `vmap`.
    """

    generate_vmap_rule: ClassVar[bool] = False
    _backward_cls: ClassVar[type[FunctionCtx]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so "
            "you should invoke them on the class itself. Instantiating an autograd function will raise an "
            "error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise GradientError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
            "autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """What the function gives; subclasses write it."""
        raise NotWrittenError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Notes what backward needs, where forward takes no `ctx`."""
        raise NotWrittenError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, from those of the outputs; subclasses write it."""
        raise NotWrittenError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use "
            "it with backward mode AD."
        )

    #: Another name of backward.
    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The directions of the outputs, from those of the arguments; forward mode uses it where it is
        written, and so does backward mode where nothing else is.
        """
        raise NotWrittenError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: VmapInfo, in_dims: tuple[int | None, ...], *args: Any) -> tuple[Any, Any]:
        """Results for a whole batch and where the examples lie in them; subclasses may write it."""
        raise NotWrittenError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Calls the function.

        Raises:
            NotWrittenError: it has no forward.
            GradientError: a leaf that requires a gradient was written to, or inside `vmap` there is no rule.
        """
        separate = cls.setup_context is not Function.setup_context
        if separate:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        level = innermost([x for x in args if isinstance(x, Tensor)]) if MODE.levels else None
        if level is not None and _own_rule(cls, separate=separate):
            return _mapped(cls, level, args)
        return _Call(cls, args, separate=separate).run(kwargs)

    @classmethod
    def _direction(cls, *, pushing: bool) -> Callable[..., Any] | None:
        """The user's jvp, where it is the one to use: for forward mode, or for want of a backward."""
        own = cls.jvp is not Function.jvp
        backward = cls.backward is not Function.backward or cls.vjp is not Function.vjp
        return cls.jvp if own and (pushing or not backward) else None

    @classmethod
    def _derivative(cls) -> Callable[..., Any]:
        own_backward, own_vjp = cls.backward is not Function.backward, cls.vjp is not Function.vjp
        if own_backward and own_vjp:
            raise GradientError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should "
                "only implement one of them."
            )
        return cls.vjp if own_vjp else cls.backward


class InplaceFunction(Function):
    """There for old code, which derives from it."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class _Call:
    """One call of a Function."""

    def __init__(self, function: type[Function], args: tuple[Any, ...], *, separate: bool) -> None:
        self.function = function
        self.args = args
        self.separate = separate
        self.first = current().next_id
        self.node = node = function._backward_cls.__new__(function._backward_cls)
        tracked = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        self.recording = MODE.grad and any(tracked)
        sources = [_source(x) if self.recording and t else None for x, t in zip(args, tracked, strict=True)]
        node.start(function._backward_cls.__name__, sources)
        node.extras().shown = tuple(e for e, x in zip(node.edges, args, strict=True) if isinstance(x, Tensor))
        node.needs_input_grad = tracked
        node._levels = MODE.levels
        node._given = tuple(map(_seen, args))

    def run(self, kwargs: dict[str, Any]) -> Any:
        node = self.node
        with grad_mode(False):
            if self.separate:
                found = self.function.forward(*self.args, **kwargs)
                self.function.setup_context(node, self.args, found)
            else:
                found = self.function.forward(node, *self.args, **kwargs)
        outputs = found if isinstance(found, tuple) else (found,)
        self._check_dirty(outputs)
        # A tensor that is made here and returned twice is one output, the later one.
        last = {id(y): k for k, y in enumerate(outputs) if isinstance(y, Tensor) and not self._is_shared(y)}
        places = [last.get(id(y), k) for k, y in enumerate(outputs)]
        made = {k: self._output(outputs[k], k) for k in set(places) if isinstance(outputs[k], Tensor)}
        results = tuple(made[k] if k in made else outputs[k] for k in places)
        if self.recording:
            node._made = tuple(map(_seen, results))
            values = {k: y._value for k, y in made.items() if y._edge is not None and y._edge[0] is node}
            values |= self.written
            node.finish({k: unwrapped(value)[0] for k, value in values.items()}, len(outputs))
            node.keep({id(y): k for k, y in made.items() if k in values})
        node.dirty_tensors = node.non_differentiable = ()
        return results if isinstance(found, tuple) else results[0]

    def _check_dirty(self, outputs: tuple[Any, ...]) -> None:
        self.written: dict[int, Value] = {}
        inputs, returned = set(map(id, self.args)), set(map(id, outputs))
        for tensor in self.node.dirty_tensors:
            if id(tensor) not in inputs:
                warnings.warn(
                    "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have "
                    "been mutated should be passed to ctx.mark_dirty().",
                    stacklevel=4,
                )
            elif id(tensor) not in returned:
                raise GradientError(
                    "Some elements marked as dirty during the forward method were not returned as output. "
                    "The inputs that are modified inplace must all be outputs of the Function."
                )

    def _output(self, y: Tensor, k: int) -> Tensor:
        """An output as the caller gets it."""
        node = self.node
        tracked = (
            self.recording
            and y.dtype.is_differentiable
            and not any(y is other for other in node.non_differentiable)
        )
        if self._is_dirty(y):
            return self._write(y, k) if tracked else _counted(y)
        edge: Edge | None = (node, k) if tracked else None
        if self._is_shared(y):
            return self._shared(y, k, edge)
        if tracked:
            value = self._own_value(y)
            if y._alias is not None:
                y._alias.storage.value = value
            y._value, y._edge, y._tracked = value, edge, True
        return y

    def _is_dirty(self, y: Tensor) -> bool:
        return any(y is other for other in self.node.dirty_tensors) and any(y is x for x in self.args)

    def _is_shared(self, y: Tensor) -> bool:
        """Whether its memory is somebody else's: an input, or a view."""
        if any(y is x for x in self.args):
            return not self._is_dirty(y)
        return y._alias is not None and y._alias.base is not None

    def _own_value(self, y: Tensor) -> Value:
        """A value that stands for this output alone, with an id after the inputs' and before any reader's."""
        value = y._refresh()
        if y._tracked or unwrapped(value)[0].id < self.first:
            with grad_mode(False):
                return p.identity(make(value))._value
        return value

    def _write(self, y: Tensor, k: int) -> Tensor:
        """An input that forward has written to, now an output."""
        if y._edge is None and y._tracked:
            raise GradientError("a leaf Variable that requires grad has been used in an in-place operation.")
        with grad_mode(False):
            value = p.identity(make(y._refresh()))._value
        self.written[k] = value
        write(y, make(value, (self.node, k), tracked=True))
        return y

    def _shared(self, y: Tensor, k: int, edge: Edge | None) -> Tensor:
        """A tensor that shares the memory of what forward returned: an input, or a view."""
        shared = detach(y)
        with grad_mode(False):
            shared._value = p.identity(make(y._refresh()))._value
        shared._edge, shared._tracked = edge, edge is not None
        assert shared._alias is not None, "what is detached shares a storage"
        if edge is not None:
            shared._alias.fixed = f"Output {k} of {self.function.__name__}"
        return shared


def _counted(y: Tensor) -> Tensor:
    counter_of(y).version += 1
    return y


def _seen(x: Any) -> Seen | None:
    if not isinstance(x, Tensor):
        return None
    value = x._refresh()
    return value.spec, unwrapped(value)[1]


def _source(x: Tensor) -> tuple[Value, Edge]:
    edge = edge_of(x)
    assert edge is not None, "it requires a gradient"
    return unwrapped(x._value)[0], edge


def _own_rule(function: type[Function], *, separate: bool) -> bool:
    """Whether a Function maps over batches by a method of its own; otherwise it runs on examples.

    Raises:
        GradientError: it does not say how, or in two ways: torch's text.
    """
    own = function.vmap is not Function.vmap
    name = function.__name__
    if not separate:
        raise GradientError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), "
            f"it must override the setup_context staticmethod. {_EXTENDING}"
        )
    if own and function.generate_vmap_rule:
        raise GradientError(
            f"You tried to vmap over {name}, but it has both generate_vmap_rule=True and an overriden vmap "
            "staticmethod. Please set generate_vmap_rule=False or delete the overriden vmap staticmethod to "
            f"avoid ambiguity. {_EXTENDING}"
        )
    if not own and not function.generate_vmap_rule:
        raise GradientError(
            f"You tried to vmap over {name}, but it does not have vmap support. Please override and "
            f"implement the vmap staticmethod or set generate_vmap_rule=True. {_EXTENDING}"
        )
    return own


def _mapped(function: type[Function], level: Level, args: tuple[Any, ...]) -> Any:
    """The results of a Function for a batch, by its own rule, which sees the whole."""
    pairs = [batch_of(x, level) if isinstance(x, Tensor) else (x, False) for x in args]
    in_dims = tuple(0 if carried else None for _, carried in pairs)
    before, MODE.levels = MODE.levels, tuple(x for x in MODE.levels if x is not level)
    try:
        info = VmapInfo(level.size, level.randomness)
        output, out_dims = function.vmap(info, in_dims, *[x for x, _ in pairs])
    finally:
        MODE.levels = before
    leaves, structure = flatten(output)
    places = spread(out_dims, structure)
    if places is None:
        raise GradientError(
            f"vmap: the out_dims that {function.__name__}.vmap returned do not have the structure of its "
            f"output, got {out_dims} for {structure}"
        )
    move = FUNCTIONS[""]["movedim"]
    wrapped = [
        y if dim is None or not isinstance(y, Tensor) else example(move(y, dim, 0), level)
        for y, dim in zip(leaves, places, strict=True)
    ]
    return unflatten(wrapped, structure)


class _Error(CustomNode):
    """The derivative of a derivative that may be taken once."""

    def back(self, cts: Cotangents, *, create_graph: bool, batch: int | None) -> list[Tensor | None]:
        raise GradientError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a backward whose results cannot be differentiated; to try it raises.

    Args:
        fn: the backward, of a Function.
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            found = fn(ctx, *args, **kwargs)
        if not MODE.grad or not any(isinstance(x, Tensor) and x.requires_grad for x in args):
            return found
        node = _Error.__new__(_Error)
        end = leaf_edge(zeros((), requires_grad=True))
        node.start("Error", [(end[0].value, end)])  # type: ignore[union-attr]
        results = found if isinstance(found, tuple) else (found,)
        made = [_fresh(x) if isinstance(x, Tensor) else x for x in results]
        tensors = {k: x for k, x in enumerate(made) if isinstance(x, Tensor)}
        for k, x in tensors.items():
            x._edge, x._tracked = (node, k), True
        node.finish({k: unwrapped(x._value)[0] for k, x in tensors.items()}, len(made))
        return tuple(made) if isinstance(found, tuple) else made[0]

    return wrapper


def _fresh(x: Tensor) -> Tensor:
    with grad_mode(False):
        return p.identity(x)
