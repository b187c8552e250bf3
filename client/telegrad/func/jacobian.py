"""`jacrev`: a Jacobian row by row, all rows in one batched backward pass."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from telegrad import _primitives as p
from telegrad.func.arguments import Argnums, replaced, selected
from telegrad.func.reverse import outputs_of, run
from telegrad.func.trees import flatten, unflatten
from telegrad.making.promotion import constant
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError


def basis(tensors: Sequence[Tensor], chunk_size: int | None = None) -> Iterator[list[Tensor]]:
    """The standard basis of all elements of some tensors together, in parts of at most so many.

    Shape: yields for each tensor (n, ...) with its own dimensions behind
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError("jacobian: `chunk_size` should be greater than 0.")
    sizes = [x._spec.size for x in tensors]
    total = sum(sizes)
    step = chunk_size or max(total, 1)
    for first in range(0, max(total, 1), step):
        count = min(step, total - first)
        part, offset = [], 0
        for x, size in zip(tensors, sizes, strict=True):
            rows = p.reshape(p.iota(size=count, dtype=int64), shape=(count, 1))
            columns = p.reshape(p.iota(size=size, dtype=int64), shape=(1, size))
            ones = p.eq(p.add(rows, constant(first - offset, int64)), columns)
            part.append(p.reshape(p.cast(ones, dtype=x.dtype), shape=(count, *x._spec.shape)))
            offset += size
        yield part


def split(parts: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Rows that belong to the basis of some tensors, in parts, as one piece for each of these.

    Shape: parts (n, ...) together (total, ...), gives (size of the tensor, ...)
    """
    whole = parts[0] if len(parts) == 1 else p.concatenate(*parts, axis=0)
    if len(tensors) == 1:
        return [whole]
    shape, found, offset = whole._spec.shape, [], 0
    for x in tensors:
        end = offset + x._spec.size
        starts, limits = (offset, *(0,) * (len(shape) - 1)), (end, *shape[1:])
        found.append(p.slice(whole, starts=starts, limits=limits, strides=(1,) * len(shape)))
        offset = end
    return found


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The function that gives the Jacobian of another, all rows in one batched backward pass.

    Args:
        func: gives tensors, in any nesting.
        argnums: which arguments to differentiate by.
        has_aux: the function gives a pair, of which the second part is handed on beside the Jacobian.
        chunk_size: at most so many rows at once.

    Shape: for an output of shape s and an argument of shape t: (*s, *t)
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = selected(args, argnums)
        way, output, aux = run(
            "jacrev(f)",
            func,
            chosen,
            lambda given: func(*replaced(args, argnums, given), **kwargs),
            has_aux=has_aux,
        )
        leaves, shape = outputs_of("jacrev(f)", output)
        way.finish(leaves)
        parts = list(basis(leaves, chunk_size))
        rows = [way.back(part, retain_graph=len(parts) > 1, batched=True) for part in parts]
        arguments = flatten(chosen)[1]
        columns = [split([row[i] for row in rows], leaves) for i in range(len(way.variables))]
        found = []
        for k, y in enumerate(leaves):
            pieces = [
                p.reshape(column[k], shape=(*y._spec.shape, *x._spec.shape))
                for column, x in zip(columns, way.variables, strict=True)
            ]
            found.append(unflatten(pieces, arguments))
        result = unflatten(found, shape)
        return (result, way.released(aux)) if has_aux else result

    return jacobian
