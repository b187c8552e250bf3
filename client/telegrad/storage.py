"""Shared memory, for values that never change: views, what is detached, and writing in place.

Nothing on the wire is ever overwritten. Tensors that share memory in torch share a Storage here: the storage
has a value, each of them a recipe that makes its own value of it. Writing in place records a new value for
the storage; the others notice that it was written to (its epoch) and follow their recipe again when they are
next used.
"""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.autograd.graph import Node, counter_of, titled
from telegrad.autograd.mode import MODE
from telegrad.promotion import cast, constant
from telegrad.steps import FORWARD, UNDO, Step
from telegrad.tensor import Tensor, make, scalar_name
from telegrad.values import Counter, Value
from telegrad_proto import shapes
from telegrad_proto.dtypes import DType, bool_
from telegrad_proto.errors import ArgumentError, GradientError, ShapeError

_MADE_WITHOUT_GRAD = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that "
    "this use case is "
    "ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the "
    "inplace either "
    "both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you "
    "want the inplace to "
    "be tracked)."
)


class Storage:
    """What several tensors share.

    Attributes:
        value: the whole, now.
        epoch: how often it was replaced.
    """

    __slots__ = ("epoch", "value")

    def __init__(self, value: Value) -> None:
        self.value = value
        self.epoch = 0


class Alias:
    """One tensor's share of a storage.

    Attributes:
        storage: what it shares.
        base: the tensor that it is a view of, as autograd sees it; None for that tensor itself and for what
            is detached.
        steps: how its value is made of the storage's.
        seen: the storage's epoch when its value was made.
        counter: counts writes, for the check that a derivative finds what it reads unchanged.
        grad: gradients flow between it and its base.
        owner: the storage was made for it; its leaf may then be named by the storage's own value.
    """

    __slots__ = ("base", "counter", "grad", "owner", "seen", "steps", "storage")

    def __init__(
        self,
        storage: Storage,
        counter: Counter,
        *,
        base: Tensor | None = None,
        steps: tuple[Step, ...] = (),
        owner: bool = False,
    ) -> None:
        self.storage = storage
        self.base = base
        self.steps = steps
        self.seen = storage.epoch
        self.counter = counter
        self.grad = MODE.grad
        self.owner = owner

    def renew(self, tensor: Tensor) -> None:
        """Makes the tensor's value again, after the storage was written to through another tensor."""
        self.seen = self.storage.epoch
        if self.base is not None:
            self.base._refresh()
            with grad_mode(self.grad):
                made = follow(self.base, self.steps)
            tensor._value = made._value
            if made._tracked or tensor._edge is not None:
                tensor._edge, tensor._tracked = made._edge, made._tracked
            return
        with grad_mode(False):
            made = follow(make(self.storage.value), self.steps)
        if tensor._edge is not None:
            _graft(tensor, made)
            return
        tensor._value = made._value
        self.detach_identity(tensor)

    def detach_identity(self, tensor: Tensor) -> None:
        """Gives a leaf that requires a gradient, and shares another tensor's value, a value to call its own.

        Gradients are asked for by value: two leaves of one value would each get the sum of both.
        """
        if tensor._tracked and tensor._edge is None and not self.owner:
            with grad_mode(False):
                tensor._value = p.identity(make(tensor._value))._value


def _graft(tensor: Tensor, made: Tensor) -> None:
    """Gives a computed tensor a new value without changing where its gradient goes.

    As in torch, writing through `detach()` or under `no_grad` changes the numbers, not the graph. The old
    value minus itself carries the gradient; where it is not finite there is no zero to add, and nothing is.
    """
    old = make(tensor._value, tensor._edge, tracked=True)
    fixed = make(tensor._value)
    with grad_mode(True):
        nothing = p.where(p.isfinite(fixed), p.sub(old, fixed), constant(0, old.dtype))
        new = p.add(made, nothing)
    assert tensor._edge is not None, "a leaf is not grafted"
    assert new._edge is not None, "it was computed from the old value"
    new._edge[0].call(tensor._edge[0].name())  # type: ignore[union-attr]
    tensor._value, tensor._edge, tensor._tracked = new._value, new._edge, True


class grad_mode:
    """Gradient mode, for a few records."""

    __slots__ = ("before", "on")

    def __init__(self, on: bool) -> None:
        self.on = on
        self.before = True

    def __enter__(self) -> None:
        self.before, MODE.grad = MODE.grad, self.on

    def __exit__(self, *_: object) -> None:
        MODE.grad = self.before


def alias_of(tensor: Tensor) -> Alias:
    """The tensor's share of its storage; from here on others can share it."""
    if tensor._alias is None:
        tensor._alias = Alias(Storage(tensor._value), counter_of(tensor), owner=True)
    else:
        tensor._refresh()
    return tensor._alias


def follow(tensor: Tensor, steps: tuple[Step, ...]) -> Tensor:
    """What a recipe makes of a tensor."""
    for kind, attrs in steps:
        tensor = FORWARD[kind](tensor, attrs)
    return tensor


def view(tensor: Tensor, kind: str, attrs: object) -> Tensor:
    """A tensor that is one more step away from the same storage."""
    alias = alias_of(tensor)
    result = FORWARD[kind](tensor, attrs)
    base = tensor if alias.base is None else alias.base
    # Of a detached view the recipe starts at the storage, of a view at its base: these differ when the base
    # is detached.
    steps = (*alias.steps, (kind, attrs)) if alias.base is not None else ((kind, attrs),)
    result._alias = Alias(alias.storage, alias.counter, base=base, steps=steps)
    return result


def detach(tensor: Tensor, *, count_writes: bool = True) -> Tensor:
    """A tensor of the same storage that needs no gradient.

    Args:
        tensor: what to detach.
        count_writes: a write through one is noticed by the derivatives that read the other, as for `detach()`
            and unlike `.data`.
    """
    alias = alias_of(tensor)
    result = make(tensor._value)
    whole: tuple[Step, ...] = alias.steps
    above = alias.base
    if above is not None:
        assert above._alias is not None, "a base shares its storage with its views"
        whole = (*above._alias.steps, *whole)
    result._alias = Alias(alias.storage, alias.counter if count_writes else Counter(), steps=whole)
    return result


def check_writable(tensor: Tensor, *, part: bool = False) -> None:
    """Accept a tensor that is about to be written to in place.

    Args:
        tensor: what is written to.
        part: it is written to through a view of it.

    Raises:
        GradientError: it is a leaf that requires a gradient, or a view of one, and gradients are being
            recorded.
    """
    tensor._refresh()
    if not MODE.grad:
        return
    alias = tensor._alias
    base = None if alias is None else alias.base
    if alias is not None and base is not None and not alias.grad and base._tracked:
        raise GradientError(_MADE_WITHOUT_GRAD)
    if not tensor._tracked:
        return
    if tensor._edge is None:
        what = "a view of a leaf Variable" if part else "a leaf Variable"
        raise GradientError(f"{what} that requires grad is being used in an in-place operation.")
    if base is not None and base._tracked and base._edge is None:
        raise GradientError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )


def can_cast(source: DType, target: DType) -> bool:
    """Whether torch lets a result of one type be written into a tensor of the other."""
    if source.kind == "c":
        return target.kind == "c"
    if source.kind == "f":
        return target.kind in "fc"
    return target is not bool_ or source is bool_


def write(tensor: Tensor, source: Tensor, label: str = "CopyBackwards") -> Tensor:
    """The tensor, whose elements are now those of `source`: a result made for this, held by nobody else.

    Args:
        tensor: what is written to.
        source: what is written.
        label: the node's name where the tensor requires a gradient and the source does not.

    Raises:
        ShapeError: the source does not have the tensor's shape.
        ArgumentError: its type cannot be written into the tensor's.
        GradientError: the tensor may not be written to.
    """
    if source is tensor:
        return tensor
    check_writable(tensor)
    shape, dtype = tensor._value.spec.shape, tensor._value.spec.dtype
    if source._value.spec.shape != shape:
        raise ShapeError(
            f"output with shape {list(shape)} doesn't match the broadcast shape "
            f"{list(source._value.spec.shape)}"
        )
    if not can_cast(source.dtype, dtype):
        raise ArgumentError(
            f"result type {scalar_name(source.dtype)} can't be cast to the desired output type "
            f"{scalar_name(dtype)}"
        )
    _replace(tensor, cast(source, dtype), label)
    return tensor


def write_copy(tensor: Tensor, source: Tensor) -> Tensor:
    """The tensor, whose elements are now those of `source`, stretched to its shape and converted to its
    type.
    """
    check_writable(tensor)
    shape, dtype = tensor._value.spec.shape, tensor._value.spec.dtype
    if source._value.spec.shape != shape:
        shapes.broadcast(shape, source._value.spec.shape)
        shapes.check_expand(source._value.spec.shape, shape)
        source = p.broadcast_to(source, shape=shape)
    # A copy is a new value even where nothing has to be converted: the source may be a leaf.
    copied = cast(source, dtype) if source.dtype is not dtype else p.identity(source)
    _replace(tensor, titled(copied, "CopyBackwards"))
    return tensor


def _replace(tensor: Tensor, source: Tensor, label: str = "CopyBackwards") -> None:
    alias = tensor._alias
    if alias is not None and (alias.base is not None or alias.steps):
        _replace_part(alias, tensor, source)
        return
    if tensor._tracked and not source._tracked and tensor._edge is not None:
        if not MODE.grad:
            # The numbers change, the graph does not.
            alias = alias_of(tensor)
            _set_whole(alias, source)
            return
        source = titled(p.where(constant(False, bool_), tensor, source), label)
    counter = counter_of(tensor)
    counter.version += 1
    counter.writer = None if source._edge is None else source._edge[0].name()
    _share_counter(source, counter)
    tensor._value = source._value
    if source._tracked:
        tensor._edge, tensor._tracked = source._edge, True
    if alias is not None:
        alias.storage.value = tensor._value
        alias.storage.epoch += 1
        alias.seen = alias.storage.epoch
        alias.detach_identity(tensor)


def _replace_part(alias: Alias, tensor: Tensor, source: Tensor) -> None:
    if alias.base is None:
        with grad_mode(False):
            whole = write_back(make(alias.storage.value), alias.steps, source)
        _set_whole(alias, whole)
        return
    base = alias.base
    base._refresh()
    share = base._alias
    assert share is not None, "a base shares its storage with its views"
    if not alias.grad and base._tracked:
        # A view made without gradients, written to without: the base's graph stays as it is.
        with grad_mode(False):
            _replace(base, write_back(base, alias.steps, source))
        return
    _replace(base, titled(write_back(base, alias.steps, source), "CopySlices"))


def write_through(tensor: Tensor, steps: tuple[Step, ...], source: Tensor) -> None:
    """Writes into the part of a tensor that the steps lead to; `source` has the part's shape and the tensor's
    type.
    """
    whole = write_back(tensor, steps, source)
    _replace(tensor, titled(whole, "CopySlices"))


def _set_whole(alias: Alias, whole: Tensor) -> None:
    """A new value for the storage; every tensor that shares it follows its recipe when it is next used."""
    alias.counter.version += 1
    alias.storage.value = whole._value
    alias.storage.epoch += 1


def _share_counter(source: Tensor, counter: Counter) -> None:
    """Makes what was just computed count writes with the tensor that it is written into."""
    before = source._value.counter
    source._value.counter = counter
    node = None if source._edge is None else source._edge[0]
    if before is not None and isinstance(node, Node) and node.saved:
        saved = list(node.saved)
        for i in range(0, len(saved), 3):
            if saved[i] is before:
                saved[i], saved[i + 1] = counter, counter.version
        node.saved = tuple(saved)


def write_back(whole: Tensor, steps: tuple[Step, ...], part: Tensor) -> Tensor:
    """The whole with a part of it, the one that the steps lead to, replaced."""
    stages = [whole]
    for kind, attrs in steps[:-1]:
        stages.append(FORWARD[kind](stages[-1], attrs))
    for (kind, attrs), stage in zip(reversed(steps), reversed(stages), strict=True):
        part = UNDO[kind](stage, attrs, part)
    return part


def write_out(name: str, target: Tensor, source: Tensor) -> None:
    """Puts a function's result into the tensor given as `out=`.

    Raises:
        GradientError: a gradient would have to flow through it.
        ArgumentError: its type cannot be written into the target's.
    """
    if MODE.grad and (target.requires_grad or source._tracked):
        raise GradientError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments "
            "requires grad."
        )
    if not can_cast(source.dtype, target.dtype):
        raise ArgumentError(
            f"result type {scalar_name(source.dtype)} can't be cast to the desired output type "
            f"{scalar_name(target.dtype)}"
        )
    if target.shape != source.shape:
        target._alias, target._value = None, cast(source, target.dtype)._value
        return
    _replace(target, cast(source, target.dtype))


def become(tensor: Tensor, value: Tensor) -> None:
    """Makes a tensor share another's storage from here on, keeping what autograd knows of it: `x.data = y`.

    Raises:
        GradientError: the types differ in kind, which gradients could not follow.
    """
    if tensor.dtype.is_differentiable != value.dtype.is_differentiable and tensor._tracked:
        raise GradientError(
            "data set to a tensor that requires gradients must be floating point or complex dtype"
        )
    shared = detach(value, count_writes=False)
    counter = counter_of(tensor)
    tensor._value, tensor._alias = shared._value, shared._alias
    assert tensor._alias is not None, "what is detached shares a storage"
    tensor._alias.counter = counter
    tensor._alias.detach_identity(tensor)
