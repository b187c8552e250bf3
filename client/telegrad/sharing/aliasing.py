"""Shared memory, for values that never change: views, what is detached, and writing in place.

Nothing on the wire is ever overwritten. Tensors that share memory in torch share a Storage here: the storage
has a value, each of them a recipe that makes its own value of it. Writing in place records a new value for
the storage; the others notice that it was written to (its epoch) and follow their recipe again when they are
next used.
"""

from __future__ import annotations

from telegrad import _primitives as p
from telegrad.autograd.graph import counter_of
from telegrad.autograd.mode import MODE
from telegrad.making.promotion import constant
from telegrad.sharing.steps import FORWARD, Step, joined
from telegrad.tensor import Tensor, make
from telegrad.wire.values import Counter, Value

Layout = tuple[tuple[int, ...], tuple[int, ...], int]


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
        fixed: what it is called where it may not be written to: an output of a custom Function, whose
            derivative a write would pass over.
        layout: shape, strides and offset of torch's tensor of this recipe, once somebody asked.
        since: a layout on the way here, and the steps from there: they are followed, not all.
    """

    __slots__ = (
        "base",
        "counter",
        "fixed",
        "grad",
        "layout",
        "owner",
        "seen",
        "since",
        "steps",
        "storage",
    )

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
        self.fixed: str | None = None
        self.layout: Layout | None = None
        self.since: tuple[Layout, tuple[Step, ...]] | None = None

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
    steps = joined(alias.steps if alias.base is not None else (), (kind, attrs))
    made = result._alias = Alias(alias.storage, alias.counter, base=base, steps=steps)
    if alias.layout is not None:
        made.since = alias.layout, ((kind, attrs),)
    elif alias.since is not None:
        made.since = alias.since[0], joined(alias.since[1], (kind, attrs))
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
