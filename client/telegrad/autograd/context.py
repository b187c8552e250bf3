"""What a custom Function's forward and backward share: `ctx`, which is also the node in the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.autograd import walk
from telegrad.autograd.custom import Cotangents, CustomNode, resumed
from telegrad.autograd.graph import Accumulate, Edge, counter_of, edge_of
from telegrad.autograd.mode import MODE
from telegrad.making.promotion import cast
from telegrad.recording.batching import Level
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Value
from telegrad_proto import shapes
from telegrad_proto.errors import GradientError
from telegrad_proto.spec import Spec

#: What is known of a tensor that went in or came out: its spec, and the `vmap`s that tell it apart.
Seen = tuple[Spec, tuple[Level, ...]]


class Saved:
    """A tensor that was saved for the derivative.

    An output is not held: its graph leads to the node that saves it.

    Args:
        tensor: the tensor.
        output: which of the node's outputs it is; None: none of them.
    """

    __slots__ = ("_counter", "_edge", "_output", "_tensor", "_value", "_version")

    def __init__(self, tensor: Tensor, output: int | None) -> None:
        self._value: Value = tensor._refresh()
        self._edge: Edge | None = edge_of(tensor) if output is None else None
        self._tensor = tensor if output is None and self._edge is None else None
        self._output = output
        self._counter = counter_of(tensor)
        self._version = self._counter.version

    def tensor(self, node: FunctionCtx) -> Tensor:
        """The tensor, as it was.

        Raises:
            GradientError: it was written to since.
        """
        edge = self._edge
        if self._counter.version != self._version:
            name, index = self._counter.writer, 0
            if self._output is not None:
                name, index = node.name(), self._output
            elif name is None and edge is not None and not isinstance(edge[0], Accumulate):
                name, index = edge[0].name(), edge[1]
            spec = self._value.spec
            raise GradientError(walk.modified(self._counter, self._version, spec, name, index))
        if self._output is not None:
            return make(self._value, (node, self._output), tracked=True)
        if self._tensor is not None:
            return self._tensor
        assert edge is not None, "what takes no gradient is held itself"
        if isinstance(edge[0], Accumulate) and edge[0].variable._value is self._value:
            return edge[0].variable
        return make(self._value, edge, tracked=True)


class FunctionCtx(CustomNode):
    """`ctx`: what forward leaves for backward. Attributes of any name can be set too.

    Attributes:
        needs_input_grad: for each argument of forward whether it requires a gradient.
    """

    _forward_cls: Any
    needs_input_grad: tuple[bool, ...] = ()
    to_save: tuple[Any, ...] = ()
    saved_for_forward: tuple[Any, ...] = ()
    dirty_tensors: tuple[Any, ...] = ()
    non_differentiable: tuple[Any, ...] = ()
    materialize_grads: bool = True
    metadata: dict[str, Any]
    _saved: tuple[Saved | None, ...] = ()
    _saved_for_forward: tuple[Saved | None, ...] = ()
    _released: bool = False
    _levels: tuple[Level, ...] = ()
    _given: tuple[Seen | None, ...] = ()
    _made: tuple[Seen | None, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors for backward; one that is written to in place meanwhile is noticed there."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors for `jvp`, which finds those of `save_for_backward` too."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Says which inputs forward has written to in place; it returns them as well."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Says which outputs take no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Says whether backward gets zeros, or None, for outputs that nothing depends on."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was given to `save_for_backward`.

        Raises:
            GradientError: a backward pass has let go of it, or one was written to in place.
        """
        if self._released:
            raise GradientError(walk.AGAIN)
        return tuple(None if saved is None else saved.tensor(self) for saved in self._saved)

    def keep(self, outputs: dict[int, int]) -> None:
        """Saves what forward asked for.

        Args:
            outputs: by identity of the tensors which of the outputs with gradients they are.

        Raises:
            TypeError: something that is no tensor.
        """
        for i, tensor in enumerate(self.to_save):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type "
                    f"{type(tensor).__name__}"
                )
        self._saved, self._saved_for_forward = (
            tuple(None if t is None else Saved(t, outputs.get(id(t))) for t in tensors)
            for tensors in (self.to_save, self.saved_for_forward)
        )
        self.to_save = self.saved_for_forward = ()

    def release(self) -> None:
        self._saved = self._saved_for_forward = ()
        self._released = True

    def back(self, cts: Cotangents, *, create_graph: bool, batch: int | None) -> Sequence[Tensor | None]:
        with resumed(self._levels, batch) as again, grad_mode(create_graph):
            given = [self._cotangent(k, cts.get(k), again) for k in range(len(self._made))]
            forward = self._forward_cls._direction(pushing=MODE.pushing)
            if forward is not None:
                found = self._transposed(forward, given, create_graph=create_graph)
            else:
                found = self._forward_cls._derivative()(self, *given)
            return [
                None if ct is None or seen is None else again.outside(ct, seen[1])
                for ct, seen in zip(self._checked(found), self._given, strict=True)
            ]

    def _transposed(
        self, forward: Callable[..., Any], cts: Sequence[Tensor | None], *, create_graph: bool
    ) -> tuple[Tensor | None, ...]:
        """The gradients of the inputs by the user's `jvp`, which is linear in its directions."""
        from telegrad.func.reverse import Run, zeros  # needs this package

        run = Run()
        with grad_mode(True):
            directions = [
                None if seen is None or source is None else run.variable(zeros(make(Value(0, seen[0], None))))
                for seen, source in zip(self._given, self.sources, strict=True)
            ]
            before = self._saved
            self._saved = self._saved_for_forward or before
            try:
                made = forward(self, *directions)
            finally:
                self._saved = before
        moved = made if isinstance(made, tuple) else (made,)
        pairs = [(y, ct) for y, ct in zip(moved, cts, strict=True) if isinstance(y, Tensor)]
        run.finish([y for y, _ in pairs])
        wanted = [ct for _, ct in pairs]
        slopes = iter(run.back(wanted, retain_graph=create_graph, create_graph=create_graph))
        return tuple(None if direction is None else next(slopes) for direction in directions)

    def _cotangent(self, output: int, ct: Tensor | None, again: resumed) -> Tensor | None:
        seen = self._made[output]
        if seen is None:
            return None
        if ct is not None:
            return again.inside(ct, seen[1])
        if not self.materialize_grads:
            return None
        return p.full(shape=seen[0].shape, fill=0, dtype=seen[0].dtype)

    def _checked(self, found: Any) -> list[Tensor | None]:
        """What the user's backward returned, one gradient an argument, in the arguments' shapes and types.

        Raises:
            GradientError: too few, too many, or one that does not fit: torch's text.
        """
        name, count = self.name(), len(self._given)
        results = found if isinstance(found, tuple) else (found,)
        if len(results) > count and all(ct is None for ct in results[count:]):
            results = results[:count]
        if len(results) != count:
            raise GradientError(
                f"function {name} returned an incorrect number of gradients (expected {count}, got "
                f"{len(results)})"
            )
        fitted: list[Tensor | None] = []
        index = 0
        for i, (ct, seen) in enumerate(zip(results, self._given, strict=True)):
            if ct is not None and not isinstance(ct, Tensor):
                raise GradientError(f"expected Variable or None (got {type(ct).__name__})")
            if ct is not None and seen is None:
                raise GradientError(
                    f"function {name} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            wanted = ct is not None and seen is not None and self.sources[i] is not None
            fitted.append(_fitted(name, index, ct, seen[0]) if wanted else None)  # type: ignore[arg-type, index]
            index += seen is not None
        return fitted


def _fitted(name: str, index: int, ct: Tensor, spec: Spec) -> Tensor:
    """A gradient in its input's shape and type.

    Raises:
        GradientError: it does not fit: torch's text.
    """
    ct._refresh()
    shape = ct._value.spec.shape
    if shape != spec.shape:
        if len(shape) < len(spec.shape) or not _stretches(spec.shape, shape):
            raise GradientError(
                f"Function {name} returned an invalid gradient at index {index} - got {list(shape)} but "
                f"expected shape compatible with {list(spec.shape)}"
            )
        ct = _summed(ct, spec.shape)
    if ct.dtype.kind == "c" and spec.dtype.kind != "c":
        raise GradientError(
            f"Function {name} returned an invalid gradient at index {index} - a real input has a real "
            f"gradient, got {ct.dtype!r} for {spec.dtype!r}"
        )
    return cast(ct, spec.dtype)


def _stretches(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    padded = (1,) * (len(target) - len(shape)) + shape
    return all(mine in (1, theirs) for mine, theirs in zip(padded, target, strict=True))


def _summed(ct: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A gradient summed over what an input of this shape would be repeated along."""
    have = ct._value.spec.shape
    padded = (1,) * (len(have) - len(shape)) + shape
    axes = tuple(i for i, (mine, theirs) in enumerate(zip(padded, have, strict=True)) if mine != theirs)
    leading = tuple(range(len(have) - len(shape)))
    axes = shapes.normalize_axes(tuple(sorted({*axes, *leading})), len(have))
    return p.reshape(p.sum(ct, axes=axes, keepdims=False), shape=shape)
