"""Programs as a user has them: saved, loaded, called, differentiated.

A call is pure and belongs to no session: it may be computed by any worker, and again by another if that one
is lost. What it gives are plain tensors, on which no gradient is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from telegrad.func.arguments import Argnums, positions
from telegrad.making.creation import from_array
from telegrad.program.nesting import array_count, built, leaves_of
from telegrad.program.passing import array_for, fetch, length_of
from telegrad.program.sharding import REDUCTIONS, merged, slices_of
from telegrad.tensor import Tensor
from telegrad.wire.convert import NDArray, dtype_of_numpy, spec_of
from telegrad_proto.errors import ArgumentError, GradientError, ShapeError
from telegrad_proto.program import Blueprint, Input
from telegrad_proto.spec import Spec

if TYPE_CHECKING:
    from telegrad.transport.calls import Calls

#: Calls of one `value_and_grad(..., shards=n)` that are under way at once.
_AT_ONCE: Final = 32


class Program:
    """A function's graph, which needs the function no more; made by `trace` or `load_program`.

    Args:
        raw: the bytes of a program's file.

    Raises:
        PayloadError: these are none, or were cut short.
        DigestError: they were changed.
        VersionError: a newer telegrad made them, or an operator means something else here.
        GraphError: the graph in them is wrong.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw: Final = raw
        self._blueprint: Final = Blueprint.from_bytes(raw)

    @property
    def name(self) -> str:
        """The function's name."""
        return self._blueprint.name

    @property
    def digest(self) -> str:
        """The name that servers know it by: 64 hexadecimal digits."""
        return self._blueprint.digest.hex()

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What it takes: names, specs, and which have the batch axis."""
        return self._blueprint.inputs

    @property
    def blueprint(self) -> Blueprint:
        """The checked contents."""
        return self._blueprint

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        return self._raw

    def save(self, path: Any) -> None:
        """Writes its file: one protobuf message, no code.

        Args:
            path: of a file, or an fsspec URL as `s3://bucket/name`.
        """
        with _opened(path, "wb") as file:
            file.write(self._raw)

    def __repr__(self) -> str:
        takes = ", ".join(f"{i.name}: {i.shown}" for i in self._blueprint.inputs[:8])
        more = ", ..." if len(self._blueprint.inputs) > 8 else ""
        gives = ", ".join(o.shown for o in self._blueprint.outputs[:8])
        return f"<Program {self.name}({takes}{more}) -> {gives}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function gives for these arguments.

        Args:
            args: as the function takes them, of the traced structure, shapes and types; the batch axis may
                have any length.
            kwargs: likewise.

        Raises:
            ArgumentError: another structure.
            ShapeError: another shape.
            DTypeError: another type.
        """
        outputs, _ = self._ask("value", (), self._arrays(args, kwargs))
        return self._result(outputs)

    def value_and_grad(
        self,
        *args: Any,
        argnums: Argnums = 0,
        shards: int = 1,
        reduction: str = "sum",
        **kwargs: Any,
    ) -> tuple[Any, Any]:
        """What the function gives, and the gradient of its first output, a number.

        Args:
            args: the function's.
            argnums: which positional arguments to differentiate by; the gradient has their structure.
            shards: cut the batch in so many slices, computed in parallel by as many workers as there are. The
                answer depends on their number, not on the workers.
            reduction: how values and gradients of slices become one: "sum", for a function that is a sum over
                the batch, or "mean".
            kwargs: the function's.

        Raises:
            GradientError: the first output is no floating point number.
            ArgumentError, ShapeError, DTypeError: as for a call.
        """
        wrt, shape = self._wrt(args, kwargs, argnums)
        arrays = self._arrays(args, kwargs)
        if reduction not in REDUCTIONS:
            raise ArgumentError(f"reduction: requires one of {', '.join(REDUCTIONS)}, got {reduction!r}")
        outputs, gradients = self._spread("value_and_grad", wrt, arrays, shards, reduction)
        return self._result(outputs), shape(gradients)

    def per_sample(self, *args: Any, argnums: Argnums = 0, shards: int = 1, **kwargs: Any) -> tuple[Any, Any]:
        """For each row of the batch, as a batch of one: what the function gives, and its gradient.

        Args:
            args: the function's.
            argnums: which positional arguments to differentiate by.
            shards: cut the batch in so many slices, computed in parallel by as many workers as there are.
            kwargs: the function's.

        Shape: each result has the batch axis in front, also one of an argument without: (n, ...).

        Raises:
            ArgumentError: the program has no batch axis; otherwise as `value_and_grad`.
        """
        wrt, shape = self._wrt(args, kwargs, argnums)
        outputs, gradients = self._spread("per_sample", wrt, self._arrays(args, kwargs), shards, "sum")
        return self._result(outputs), shape(gradients)

    def vjp(self, *args: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
        """What the function gives, and the function from cotangents of that to those of the arguments.

        The second takes a tree as the first result is one, with None where an output takes no gradient, and
        gives a tuple of trees, one a positional argument, with None where an argument takes none.
        """
        arrays = self._arrays(args, kwargs)
        wrt, shape = self._wrt(args, kwargs, tuple(range(len(self._blueprint.message.parameters))))
        outputs, _ = self._ask("value", (), arrays)

        def pull(cotangents: Any) -> Any:
            given = list(leaves_of(self._blueprint.message.result, cotangents, "cotangents"))
            extra = []
            for (path, ct), y in zip(given, outputs, strict=True):
                if dtype_of_numpy(y.dtype).is_differentiable:
                    like = Spec(y.shape, dtype_of_numpy(y.dtype))
                    extra.append(np.zeros_like(y) if ct is None else array_for(path, ct, like))
                elif ct is not None:
                    raise GradientError(f"{path}: an output of type {y.dtype.name} takes no gradient")
            _, gradients = self._ask("vjp", wrt, [*arrays, *extra])
            return shape(gradients)

        return self._result(outputs), pull

    def jvp(self, args: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        """What the function gives, and how that changes in a direction: the transpose's transpose.

        Args:
            args: the positional arguments.
            tangents: a direction for each, of its structure; None, or None in it, for none.
        """
        arrays = self._arrays(args, {})
        if len(tangents) != len(args):
            raise ArgumentError(
                f"jvp: requires a tuple of {len(args)} tangents, one an argument, got {len(tangents)}"
            )
        wrt, extra = [], []
        trees = self._blueprint.message.arguments.children[0].children
        names = self._blueprint.message.parameters
        first = 0
        for name, tree, tangent in zip(names, trees, tangents, strict=True):
            count = array_count(tree)
            if tangent is not None:
                for i, (path, t) in enumerate(leaves_of(tree, tangent, name), first):
                    if t is not None:
                        wrt.append(i)
                        extra.append(array_for(f"tangent {path}", t, spec_of(arrays[i])))
            first += count
        if not wrt:
            raise ArgumentError("jvp: no direction is given")
        outputs, moved = self._ask("jvp", tuple(wrt), [*arrays, *extra])
        rest = iter(moved)
        full = [
            next(rest) if dtype_of_numpy(y.dtype).is_differentiable else np.zeros_like(y) for y in outputs
        ]
        return self._result(outputs), self._result(full)

    def _result(self, outputs: Sequence[NDArray]) -> Any:
        return built(self._blueprint.message.result, iter([from_array(y) for y in outputs]))

    def _arrays(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[NDArray]:
        """The inputs' arrays; those of tensors are fetched, together."""
        message = self._blueprint.message
        args, kwargs = self._bound(args, kwargs)
        positional, named = message.arguments.children
        if len(args) != len(positional.children):
            raise ArgumentError(
                f"{self.name}: takes {len(positional.children)} positional arguments "
                f"({', '.join(message.parameters)}), got {len(args)}"
            )
        found = []
        for name, tree, arg in zip(message.parameters, positional.children, args, strict=True):
            found += list(leaves_of(tree, arg, name))
        found += list(leaves_of(named, kwargs, ""))
        fetch([value for _, value in found if isinstance(value, Tensor)])
        arrays: list[NDArray] = []
        length: int | None = None
        for (path, value), given in zip(found, self.inputs, strict=True):
            like = given.spec
            if given.batched:
                size = length_of(path, value)
                if length not in (None, size):
                    raise ShapeError(
                        f"{path}: one length of batch for all arguments, got {length} and {size}"
                    )
                length = size
                like = like.with_shape((size, *like.shape[1:]))
            arrays.append(array_for(path, value, like))
        return arrays

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments that were positional when the program was made may be named."""
        rest = dict(kwargs)
        found = list(args)
        for name in self._blueprint.message.parameters[len(args) :]:
            if name not in rest:
                break
            found.append(rest.pop(name))
        return tuple(found), rest

    def _wrt(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums
    ) -> tuple[tuple[int, ...], Callable[[Sequence[NDArray]], Any]]:
        """The inputs that belong to the chosen arguments, and what puts their gradients together."""
        args, _ = self._bound(args, kwargs)
        trees = self._blueprint.message.arguments.children[0].children
        starts = [0]
        for tree in trees:
            starts.append(starts[-1] + array_count(tree))
        chosen = positions(argnums, len(trees))
        inputs = [range(starts[k], starts[k + 1]) for k in chosen]
        wrt = [i for part in inputs for i in part if self.inputs[i].spec.dtype.is_differentiable]
        if not wrt:
            raise GradientError(f"{self.name}: no argument of argnums={argnums} takes a gradient")

        def shape(gradients: Sequence[NDArray]) -> Any:
            by_input = {i: from_array(g) for i, g in zip(wrt, gradients, strict=True)}
            made = tuple(
                [
                    built(trees[k], iter([by_input.get(i) for i in part]))
                    for k, part in zip(chosen, inputs, strict=True)
                ]
            )
            return made if isinstance(argnums, tuple) else made[0]

        return tuple(wrt), shape

    def _spread(
        self, mode: str, wrt: tuple[int, ...], arrays: list[NDArray], shards: int, reduction: str
    ) -> tuple[list[NDArray], list[NDArray]]:
        batched = [i for i, given in enumerate(self.inputs) if given.batched]
        if shards == 1:
            return self._ask(mode, wrt, arrays)
        if not batched:
            raise ArgumentError(
                f"{self.name}: shards requires a batch axis: trace with spec((None, ...), dtype)"
            )
        length = arrays[batched[0]].shape[0]
        slices = slices_of(length, shards)
        calls, timeout_s = self._calls()

        def part(rows: slice) -> tuple[list[NDArray], list[NDArray]]:
            given = [a[rows] if i in batched else a for i, a in enumerate(arrays)]
            return calls.call(self._blueprint, self._raw, mode, wrt, given, timeout_s=timeout_s)

        with ThreadPoolExecutor(min(len(slices), _AT_ONCE), thread_name_prefix="telegrad-shard") as pool:
            try:
                answers = list(pool.map(part, slices))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what has not begun need not
                raise
        rows_of = mode == "per_sample"  # then everything has the batch axis
        weights = [(s.stop - s.start) / length for s in slices] if reduction == "mean" and length else None
        outputs = [
            merged([a[0][k] for a in answers], batched=rows_of or given.batched, weights=weights)
            for k, given in enumerate(self._blueprint.outputs)
        ]
        gradients = []
        for k, i in enumerate(wrt):
            pieces = [a[1][k] for a in answers]
            if self.inputs[i].batched and weights is not None:
                pieces = [g * g.dtype.type(w) for g, w in zip(pieces, weights, strict=True)]
            gradients.append(merged(pieces, batched=rows_of or self.inputs[i].batched, weights=weights))
        return outputs, gradients

    def _ask(
        self, mode: str, wrt: tuple[int, ...], arrays: list[NDArray]
    ) -> tuple[list[NDArray], list[NDArray]]:
        calls, timeout_s = self._calls()
        return calls.call(self._blueprint, self._raw, mode, wrt, arrays, timeout_s=timeout_s)

    @staticmethod
    def _calls() -> tuple[Calls, float | None]:
        """Where to call, and how long that may take."""
        from telegrad.config import current_session
        from telegrad.program.calling import current_calls  # late: a program that is only saved calls nothing

        return current_calls(), current_session().timeout_s


def load_program(path: Any) -> Program:
    """The program in a file; it needs neither the code that made it nor anything else.

    Args:
        path: of a file, or an fsspec URL.

    Raises:
        PayloadError, DigestError: no program, cut short, or changed.
        VersionError: made by a newer telegrad.
        GraphError: its graph is wrong.
    """
    with _opened(path, "rb") as file:
        return Program(file.read())


def _opened(path: Any, mode: str) -> Any:
    text = os.fspath(path)
    if "://" not in text:
        return open(text, mode)
    try:
        import fsspec  # late: local files do not need it
    except ModuleNotFoundError:
        raise ArgumentError(f"{text}: URLs require fsspec (pip install 'telegrad[urls]')") from None
    return fsspec.open(text, mode)
