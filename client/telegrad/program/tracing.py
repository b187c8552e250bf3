"""`trace`: from a function to a program."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from telegrad.making.creation import dtype_of
from telegrad.making.promotion import get_default_dtype
from telegrad.program.capturing import Captured, capture, with_same_draws
from telegrad.program.fitting import LENGTHS, fitted
from telegrad.program.nesting import built, joined, written
from telegrad.tensor import Tensor
from telegrad.wire.convert import dtype_of_numpy
from telegrad.wire.values import Value
from telegrad_proto import __version__
from telegrad_proto.codec import encode_attrs, encode_spec
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ShapeError, TraceError
from telegrad_proto.opset import OPSET
from telegrad_proto.program import FORMAT, meaning_of, seal
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import program_pb2

if TYPE_CHECKING:
    from telegrad.program.program import Program


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """What an argument of a program is like: `spec((None, 4), torch.float32)`.

    Attributes:
        shape: its dimensions; None in front stands for the batch axis, whose length each call chooses.
        dtype: its element type.
    """

    shape: tuple[int | None, ...]
    dtype: DType

    @property
    def batched(self) -> bool:
        return bool(self.shape) and self.shape[0] is None

    def at(self, length: int) -> Spec:
        """The spec for a batch of this length."""
        return Spec(tuple([length if dim is None else dim for dim in self.shape]), self.dtype)


def spec(shape: Sequence[int | None], dtype: Any = None) -> ArraySpec:
    """What an argument of a program is like, for `trace`.

    Args:
        shape: its dimensions; None in front stands for the batch axis, whose length each call chooses.
        dtype: a dtype, its name, or NumPy's; by default the default floating type.

    Raises:
        ShapeError: None stands elsewhere, or a dimension is no integer.
    """
    dims = tuple(shape)
    for i, dim in enumerate(dims):
        if dim is None and i:
            raise ShapeError(f"spec: None stands for the batch axis, which is the first; got {list(dims)}")
        if dim is not None and type(dim) is not int:
            raise ShapeError(f"spec: dimensions are integers, or None in front; got {list(dims)}")
    made = ArraySpec(dims, _dtype(dtype))
    made.at(1)
    return made


def _dtype(dtype: Any) -> DType:
    if dtype is None:
        return get_default_dtype()
    if isinstance(dtype, (str, np.dtype)) or (isinstance(dtype, type) and issubclass(dtype, np.generic)):
        return dtype_of_numpy(np.dtype(dtype))
    return dtype_of(dtype)


#: Stands where an argument is an example of which only shape and type count.
_EXAMPLES: Final = (Tensor, np.ndarray, np.generic, ArraySpec)


def trace(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Program:
    """A program: what the function records for arguments like these, to be saved, and called many times.

    The function runs on placeholders; it may not look at values. Gradients flow as torch says they would:
    through what requires them, not through `detach()` or `no_grad()`. Tensors from outside become constants,
    and random numbers are those of this run. Where an argument has a batch axis the function runs three
    times, with batches of different lengths.

    Args:
        fn: takes and gives tensors in tuples, lists and dicts. Numbers, texts and None among the arguments
            become part of the program.
        args: examples, of which shape and type count, or `spec(shape, dtype)`. Tensors of a nested argument
            are inputs of their own.
        kwargs: named arguments, likewise.

    Raises:
        TraceError: the function looks at a value, writes into a tensor from outside, or does what goes with
            the length of the batch in a way that a program cannot hold.
        TelegradError: what the function raises.
    """
    from telegrad.program.program import Program  # which needs what is here

    message = program_pb2.Program(format=FORMAT, made_by=__version__, name=_name(fn))
    specs: list[ArraySpec] = []

    def argument(path: str, value: Any) -> bool:
        if not isinstance(value, _EXAMPLES):
            return False
        specs.append(_like(value))
        message.inputs.add(id=len(specs), name=path, batched=specs[-1].batched)
        return True

    parameters = _parameters(fn, args, kwargs)
    top = message.arguments
    top.kind = program_pb2.Tree.TUPLE
    positional, named = top.children.add(kind=program_pb2.Tree.TUPLE), top.children.add()
    for name, value in zip(parameters, args, strict=True):
        written(value, argument, name, positional.children.add())
    written(kwargs, argument, "", named)
    message.parameters.extend(parameters)
    batched = any(s.batched for s in specs)
    lengths = LENGTHS if batched else (0,)

    def call(given: list[Tensor]) -> Any:
        inside, named_too = built(top, iter(given))
        return fn(*inside, **named_too)

    runs = with_same_draws(len(lengths), lambda i: capture(call, [s.at(lengths[i]) for s in specs], _tensors))
    message.length = lengths[0]
    message.varying.extend(fitted(runs) if batched else [])
    _write_outputs(message, runs)
    _write_graph(message, runs[0], specs)
    return Program(seal(message))


def _name(fn: Callable[..., Any]) -> str:
    return str(getattr(fn, "__name__", type(fn).__name__))[:200]


def _parameters(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """A name for each positional argument: the function's, as far as it tells them."""
    names: list[str] = []
    try:
        bound = inspect.signature(fn).bind(*args, **kwargs)
    except ValueError:  # a function of an extension module may tell nothing
        return [f"arg{i}" for i in range(len(args))]
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [joined(name, i) for i in range(len(args) - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(name)
    return names[: len(args)]


def _like(value: Any) -> ArraySpec:
    if isinstance(value, ArraySpec):
        return value
    if isinstance(value, Tensor):
        return ArraySpec(value._spec.shape, value.dtype)
    array = np.asarray(value)
    return ArraySpec(array.shape, dtype_of_numpy(array.dtype))


def _tensors(result: Any) -> list[Tensor]:
    """The tensors in a result, in order."""
    found: list[Tensor] = []

    def take(path: str, value: Any) -> bool:
        if isinstance(value, Tensor):
            found.append(value)
            return True
        return False

    written(result, take, "result", program_pb2.Tree())
    if not found:
        raise TraceError("trace: the function gives no tensor")
    return found


def _write_outputs(message: program_pb2.Program, runs: Sequence[Captured]) -> None:
    first = runs[0]

    def output(path: str, value: Any) -> bool:
        if not isinstance(value, Tensor):
            return False
        message.outputs.add(id=first.outputs[id(value)].id)
        return True

    written(first.result, output, "result", message.result)
    values = [[run.outputs[id(tensor)] for tensor in _tensors(run.result)] for run in runs]
    for i, same in enumerate(zip(*values, strict=True)):
        if any(value.id != same[0].id for value in same):
            raise TraceError("trace: what the function gives goes with the length of the batch")
        message.outputs[i].batched = _batched(same)


def _batched(values: Sequence[Value]) -> bool:
    shapes = [value.spec.shape for value in values]
    if all(shape == shapes[0] for shape in shapes):
        return False
    if all(
        shape[:1] == (n,) and shape[1:] == shapes[0][1:] for shape, n in zip(shapes, LENGTHS, strict=True)
    ):
        return True
    raise TraceError(
        f"trace: an output of shape {list(shapes[0])} for a batch of {LENGTHS[0]}: the batch axis of a "
        "result is its first dimension"
    )


def _write_graph(message: program_pb2.Program, run: Captured, specs: Sequence[ArraySpec]) -> None:
    for given, like, id_ in zip(message.inputs, specs, run.inputs, strict=True):
        given.id = id_
        given.spec.CopyFrom(encode_spec(like.at(message.length)))
    for id_, array in run.leaves:
        dtype = dtype_of_numpy(array.dtype)
        message.leaves.add(id=id_, spec=encode_spec(Spec(array.shape, dtype)), data=array.tobytes())
    for op, inputs, attrs, output, needs, *_ in run.nodes:
        message.nodes.add(
            op=op.name, inputs=inputs, attrs=encode_attrs(attrs, op), output=output, needs=needs
        )
    for request in run.backwards:
        message.backwards.add(**request.fields())
    for name in sorted({op.name for op, *_ in run.nodes}):
        message.operators.add(name=name, digest=meaning_of(OPSET[name]))
