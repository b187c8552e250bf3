"""Writing in place, into whole tensors and through views: what is allowed, and what becomes of the graph."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from telegrad import _primitives as p
from telegrad.autograd.graph import Node, counter_of, titled
from telegrad.autograd.mode import MODE
from telegrad.making.promotion import cast, constant
from telegrad.sharing.aliasing import Alias, alias_of, detach, follow, grad_mode
from telegrad.sharing.steps import PLAIN, REPEATING, UNDO, Step
from telegrad.sharing.strides import meets, overlaps, same_places
from telegrad.tensor import Tensor, make, scalar_name
from telegrad.wire.values import Counter
from telegrad_proto import shapes
from telegrad_proto.dtypes import DType, bool_, int64, uint8
from telegrad_proto.errors import ArgumentError, DTypeError, GradientError, ShapeError

_MADE_WITHOUT_GRAD: Final = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that "
    "this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
    "the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
    "tracked) or both outside (if you want the inplace to be tracked)."
)

_MADE_BY_A_FUNCTION: Final = (
    "is a view and is being modified inplace. This view was created inside a custom Function (or because an "
    "input was returned as-is) and the autograd logic to handle view+inplace would override the custom "
    "backward associated with the custom Function, leading to incorrect gradients. This behavior is "
    "forbidden. You can fix this by cloning the output of the custom Function."
)

_OVERLAP: Final = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory "
    "location. Please clone() the tensor before performing the operation."
)


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
    if alias is not None and alias.fixed is not None:
        raise GradientError(f"{alias.fixed} {_MADE_BY_A_FUNCTION}")
    if not tensor._tracked:
        return
    if tensor._edge is None:
        what = "a view of a leaf Variable" if part else "a leaf Variable"
        raise GradientError(f"{what} that requires grad is being used in an in-place operation.")
    if base is not None and base._tracked and base._edge is None:
        raise GradientError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )


def check_places(tensor: Tensor, steps: tuple[Step, ...] = ()) -> None:
    """Accept a tensor, or the part of it that the steps lead to, whose elements are places of their own.

    Raises:
        ArgumentError: several are one place, as after `expand`.
    """
    if overlaps(tensor, steps):
        raise ArgumentError(_OVERLAP)


def can_cast(source: DType, target: DType) -> bool:
    """Whether torch lets a result of one type be written into a tensor of the other."""
    if source.kind == "c":
        return target.kind == "c"
    if source.kind == "f":
        return target.kind in "fc"
    return target is not bool_ or source is bool_


def write(
    tensor: Tensor,
    source: Tensor,
    label: str = "CopyBackwards",
    *,
    since: int | None = None,
    overlap: bool = False,
) -> Tensor:
    """The tensor, whose elements are now those of `source`: a result made for this, held by nobody else.

    Args:
        tensor: what is written to.
        source: what is written.
        label: the node's name where the tensor requires a gradient and the source does not.
        since: the id from which on the source was computed, for this; by default only its last node was.
        overlap: write also where several elements are one place.

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
    if not overlap:
        check_places(tensor)
    _spare_reads(source, counter_of(tensor), since)
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
    if not same_places(tensor, source):
        check_places(tensor)
    # A copy is a new value even where nothing has to be converted: the source may be a leaf.
    copied = cast(source, dtype) if source.dtype is not dtype else p.identity(source)
    _replace(tensor, titled(copied, "CopyBackwards"))
    return tensor


def _replace(tensor: Tensor, source: Tensor, label: str = "CopyBackwards") -> None:
    if MODE.levels:
        from telegrad.recording.batching import require_room  # what never maps never loads it

        require_room(tensor, source)
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
    if source._value.recorder is not None:
        source._value.recorder.written[id(tensor)] = tensor  # first: the recorder of a program may refuse
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


def _replace_part(alias: Alias, tensor: Tensor, source: Tensor, more: tuple[Step, ...] = ()) -> None:
    """Writes into a view, or into the part of it that `more` steps lead to."""
    base, steps = alias.base, (*alias.steps, *more)
    if base is None:
        _replace_detached(alias, tensor, source, more)
        return
    base._refresh()
    share = base._alias
    assert share is not None, "a base shares its storage with its views"
    if share.steps:
        _replace_detached(share, base, source, steps)
    elif not alias.grad and base._tracked:
        # A view made without gradients, written to without: the base's graph stays as it is.
        with grad_mode(False):
            _replace(base, write_back(base, steps, source))
    else:
        _replace(base, titled(write_back(base, steps, source), "CopySlices"))


def _replace_detached(alias: Alias, tensor: Tensor, source: Tensor, more: tuple[Step, ...]) -> None:
    """Writes into what was detached from a view: who shares the storage sees it, only its own graph knows."""
    with grad_mode(False):
        whole = write_back(make(alias.storage.value), (*alias.steps, *more), source)
    if source._tracked or tensor._tracked:
        source = titled(write_back(tensor, more, source), "CopySlices") if more else source
        _share_counter(source, alias.counter)
        tensor._value, tensor._edge, tensor._tracked = source._value, source._edge, source._tracked
        alias.seen = alias.storage.epoch + 1
    _set_whole(alias, whole)


def write_through(tensor: Tensor, steps: tuple[Step, ...], source: Tensor) -> None:
    """Writes into the part that the steps lead to; `source` has the part's shape and the tensor's type."""
    alias = tensor._alias
    if alias is not None and (alias.base is not None or alias.steps):
        _replace_part(alias, tensor, source, steps)
    else:
        _replace(tensor, titled(write_back(tensor, steps, source), "CopySlices"))


def _set_whole(alias: Alias, whole: Tensor) -> None:
    """A new value for the storage; every tensor that shares it follows its recipe when it is next used."""
    alias.counter.version += 1
    alias.storage.value = whole._value
    alias.storage.epoch += 1


def _spare_reads(source: Tensor, counter: Counter, since: int | None) -> None:
    """Lets what was just computed for a write have read its target: as torch, it kept the elements as they
    were.
    """
    if source._edge is None:
        return
    stack = [source._edge[0]]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if not isinstance(node, Node) or id(node) in seen or (since is not None and node.output < since):
            continue
        seen.add(id(node))
        if counter in node.saved:
            saved = list(node.saved)
            for i in range(0, len(saved), 3):
                if saved[i] is counter:
                    saved[i], saved[i + 1] = Counter(), 0
            node.saved = tuple(saved)
        if since is not None:
            stack.extend([edge[0] for edge in node.edges if edge is not None])


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
    runs = _runs(steps)
    stages = [whole]
    for run in runs[:-1]:
        stages.append(follow(stages[-1], run))
    for run, stage in zip(reversed(runs), reversed(stages), strict=True):
        kind, attrs = run[0]
        repeated = any(kind in REPEATING for kind, _ in run)
        part = _put(stage, run, part) if repeated else UNDO[kind](stage, attrs, part)
    return part


def _runs(steps: tuple[Step, ...]) -> list[tuple[Step, ...]]:
    """The steps one by one, those together that move elements where one of them repeats some."""
    runs: list[tuple[Step, ...]] = []
    for plain, group in groupby(steps, key=lambda step: step[0] in PLAIN):
        run = tuple(group)
        together = plain and any(kind in REPEATING for kind, _ in run)
        runs.extend([run] if together else [(step,) for step in run])
    return runs


def _put(whole: Tensor, steps: tuple[Step, ...], part: Tensor) -> Tensor:
    """The whole with a part replaced by the places that the part's elements have, the last of each
    counting.
    """
    spec = whole._value.spec
    with grad_mode(False):
        places = follow(p.reshape(p.iota(size=spec.size, dtype=int64), shape=spec.shape), steps)
        places = p.reshape(places, shape=(places._value.spec.size,))
    flat = p.reshape(whole, shape=(spec.size,))
    values = p.reshape(part, shape=(part._value.spec.size,))
    return p.reshape(p.index_put(flat, values, places, axes=(0,), accumulate=False), shape=spec.shape)


#: Functions whose `out=` has to have the result's type, and those that read while they write.
EXACT_OUT: Final = frozenset((
    "abs", "absolute", "addbmm", "addmm", "addmv", "all", "amax", "amin", "aminmax", "any", "argmax",
    "argmin", "baddbmm", "bitwise_not", "bmm", "bucketize", "ceil", "cholesky", "clamp", "clamp_max",
    "clamp_min", "clip", "complex", "conj_physical", "cummax", "cummin", "det", "diag", "dot",
    "eigvalsh", "float_power", "floor", "frac", "gather", "heaviside", "histc", "index_select", "inner",
    "inv", "isneginf", "isposinf", "kthvalue", "log_softmax", "logcumsumexp", "masked_select", "matmul",
    "matrix_norm", "max", "median", "min", "mm", "mode", "multinomial", "mv", "nan_to_num", "nanmedian",
    "nanquantile", "neg", "negative", "nonzero", "norm", "polar", "quantile", "renorm", "round",
    "searchsorted", "sgn", "sign", "signbit", "softmax", "solve", "sort", "svdvals", "take", "topk",
    "tril", "triu", "trunc", "vdot", "vector_norm", "where",
))  # fmt: skip
READING: Final = frozenset(
    {"cat", "gather", "index_select", "kthvalue", "masked_select", "mode", "sort", "take", "topk"}
)


def write_out(name: str, target: Tensor, source: Tensor, *, beside: Iterable[Tensor] = ()) -> None:
    """Puts a function's result into the tensor given as `out=`.

    Args:
        name: the function.
        target: what is written to.
        source: the result.
        beside: the function's tensor arguments.

    Raises:
        GradientError: a gradient would have to flow through it.
        DTypeError: its type cannot be written into the target's.
        ArgumentError: what is written to is read as well.
    """
    if MODE.grad and (target.requires_grad or source._tracked):
        raise GradientError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments "
            "requires grad."
        )
    if not can_cast(source.dtype, target.dtype):
        raise DTypeError(
            f"{name}(): result type {scalar_name(source.dtype)} can't be cast to the desired output type "
            f"{scalar_name(target.dtype)}"
        )
    beside = list(beside)
    exact = name in EXACT_OUT and not (name in ("max", "min") and len(beside) > 1)
    if exact and target.dtype is not source.dtype and not (name in ("all", "any") and target.dtype is uint8):
        raise DTypeError(
            f"{name}(): Expected out tensor to have dtype {source.dtype.name}, but got {target.dtype.name} "
            "instead"
        )
    check_places(target)
    for given in beside:
        if meets(given, target) and (name in READING or not same_places(given, target)):
            raise ArgumentError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to "
                "a single memory location. Please clone() the tensor before performing the operation."
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
