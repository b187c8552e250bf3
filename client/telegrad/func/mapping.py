"""`vmap`: a function of one example, applied to a batch as one graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from telegrad.func.trees import Structure, flatten, spread, unflatten
from telegrad.recording.batching import Level, batch_of, enter, example, leave, repeated
from telegrad.recording.registry import FUNCTIONS
from telegrad.sharing.writing import write
from telegrad.tensor import Tensor
from telegrad_proto import shapes
from telegrad_proto.errors import ArgumentError


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The function that applies another to each example of a batch.

    The function runs once, on tensors that look like one example; what it records is for all of them.

    Args:
        func: takes and gives tensors, in any nesting of tuples, lists and dicts.
        in_dims: the dimension of each argument along which the examples lie; None: one for all of them.
        out_dims: where they lie in each result; None: the result is one for all.
        randomness: what a random number inside is: "error", the "same" or "different" for the examples.
        chunk_size: at most so many examples at once.

    Raises:
        ValueError: arguments, or dimensions, that do not fit: torch's text.
    """
    if randomness not in ("error", "different", "same"):
        raise ArgumentError(
            f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    _check_out_dims(func, out_dims)

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, structure, dims = _inputs(func, in_dims, args)
        size = _size(leaves, dims)
        if chunk_size is None or size <= chunk_size:
            return _run(func, leaves, structure, dims, out_dims, size, randomness, kwargs)
        parts = []
        for first in range(0, size, chunk_size):
            many = min(chunk_size, size - first)
            part = [
                x if dim is None else x.narrow(dim, first, many) for x, dim in zip(leaves, dims, strict=True)
            ]
            parts.append(_run(func, part, structure, dims, out_dims, many, randomness, kwargs))
        return _joined(func, parts, out_dims)

    return mapped


def _run(
    func: Callable[..., Any],
    leaves: list[Any],
    structure: Structure,
    dims: list[int | None],
    out_dims: Any,
    size: int,
    randomness: str,
    kwargs: dict[str, Any],
) -> Any:
    level = enter(size, randomness)
    try:
        pairs = list(zip(leaves, dims, strict=True))
        inside = [x if dim is None else example(_moved(x, dim, 0), level) for x, dim in pairs]
        before = [None if dim is None else x._value for x, dim in zip(inside, dims, strict=True)]
        result = func(*unflatten(inside, structure), **kwargs)
        written = [
            (x, batch_of(seen, level)[0], dim)
            for (x, dim), seen, value in zip(pairs, inside, before, strict=True)
            if dim is not None and seen._refresh() is not value
        ]
    finally:
        leave(level)
    for x, whole, dim in written:
        write(x, _moved(whole, 0, dim))
    outputs, shape = flatten(result)
    places = _places(func, out_dims, shape)
    return unflatten([_outside(func, y, d, level) for y, d in zip(outputs, places, strict=True)], shape)


def _inputs(
    func: Callable[..., Any], in_dims: Any, args: tuple[Any, ...]
) -> tuple[list[Any], Structure, list[int | None]]:
    """The arguments' leaves, their structure, and the dimension of each, counted from the front."""
    name = name_of(func)
    called = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ArgumentError(
            f"{called}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure "
            f"of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ArgumentError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to "
            "vmap over a function with no inputs. The latter is unsupported."
        )
    leaves, structure = flatten(args)
    dims = spread(in_dims, structure)
    if dims is None:
        raise ArgumentError(
            f"{called}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{flatten(in_dims)[1]} but inputs has structure {structure}."
        )
    for i, (x, dim) in enumerate(zip(leaves, dims, strict=True)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ArgumentError(
                f"{called}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or "
                "None."
            )
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"{called}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap "
                "over non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -x.ndim <= dim < x.ndim:
            raise ArgumentError(
                f"{called}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality "
                f"{x.ndim} so expected in_dim to satisfy -{x.ndim} <= in_dim < {x.ndim}."
            )
        dims[i] = dim % x.ndim
    return leaves, structure, dims


def _size(leaves: list[Any], dims: list[int | None]) -> int:
    sizes = [x._spec.shape[dim] for x, dim in zip(leaves, dims, strict=True) if dim is not None]
    if not sizes:
        raise ArgumentError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ArgumentError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return int(sizes[0])


def _places(func: Callable[..., Any], out_dims: Any, structure: Structure) -> list[int | None]:
    single = structure.kind is None and isinstance(out_dims, tuple) and len(out_dims) == 1
    places = list(out_dims) if single else spread(out_dims, structure)
    if places is None:
        raise ArgumentError(
            f"vmap({name_of(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the "
            f"structure of `outputs`. out_dims has structure {flatten(out_dims)[1]} but outputs has "
            f"structure {structure}."
        )
    return places


def _outside(func: Callable[..., Any], output: Any, dim: int | None, level: Level) -> Any:
    """A result as the caller sees it."""
    name = name_of(func)
    if not isinstance(output, Tensor):
        if dim is None:
            return output
        raise ArgumentError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(output)}. Did you mean to "
            "set out_dims= to None for output?"
        )
    whole, carried = batch_of(output, level)
    if dim is None:
        if carried:
            raise ArgumentError(
                f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None"
            )
        return output
    return _moved(whole if carried else repeated(whole, level.size), 0, dim)


def _moved(x: Tensor, source: int, target: int) -> Tensor:
    # No view: a write inside must not be taken for one into what the caller holds.
    target = shapes.normalize_axis(target, x.ndim)
    moved: Tensor = FUNCTIONS[""]["movedim"](x, source, target) if source != target else x
    return moved


def _joined(func: Callable[..., Any], parts: list[Any], out_dims: Any) -> Any:
    """The results of chunks, one behind the other."""
    flat = [flatten(part) for part in parts]
    structure = flat[0][1]
    places = _places(func, out_dims, structure)
    columns = zip(*[leaves for leaves, _ in flat], strict=True)
    joined = [
        column[0] if dim is None else FUNCTIONS[""]["cat"](list(column), dim)
        for column, dim in zip(columns, places, strict=True)
    ]
    return unflatten(joined, structure)


def _check_out_dims(func: Callable[..., Any], out_dims: Any) -> None:
    for dim in flatten(out_dims)[0]:
        if dim is not None and not isinstance(dim, int):
            raise ArgumentError(
                f"vmap({name_of(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a "
                "python collection of ints representing where in the outputs the vmapped dimension should "
                "appear."
            )


def name_of(func: Callable[..., Any]) -> str:
    """What messages call a function."""
    if hasattr(func, "__name__"):
        return str(func.__name__)
    if isinstance(func, functools.partial):
        return f"functools.partial({name_of(func.func)}, ...)"
    return repr(func)
