"""Small changes to a call's arguments: other types, shapes, layouts, numbers, dimensions, kinds."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import torch
from hypothesis import strategies as st
from torch.overrides import get_testing_overrides

from tests.conformance.sampling.givens import LAYOUTS, Given, changed, givens_in, numbers_of
from tests.conformance.sampling.shapes import Draw, dtypes, scalars, seeds

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

#: What is done to arguments, the usual things several times.
KINDS: Final = (
    "nothing", "layout", "numbers", "dtype", "nothing", "layout", "shape", "dim", "keyword", "scalar",
    "wrong", "all dtypes", "integer", "fewer", "shape",
)  # fmt: skip

#: PyTorch checks neither for NaN nor for what the pivots are: its process ends, or never does.
ROUGH: Final = re.compile(
    r"linalg|^(lu|svd|eig|qr|gcd|lcm|cholesky|lu_.*|ormqr|logdet|slogdet|pinverse|inverse|lstsq)$|gcd|lcm"
)

#: The overrides' names of their parameters are not what PyTorch's parser takes.
POSITIONAL: Final = frozenset(
    [
        "hsplit",
        "vsplit",
        "dsplit",
        "tensor_split",
        "uniform_",
        "copy_",
        "einsum",
        "meshgrid",
        "block_diag",
        "cartesian_prod",
        "random_",
        "swapaxes",
        "swapdims",
    ]
)

WRONG: Final[tuple[Any, ...]] = ("text", None, 1.5, True, (1, 2), [], 0, -1, (0,), 2 + 1j)


def mutated(draw: Draw, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Arguments, bool]:
    """The arguments changed in up to two ways, and whether numbers stayed ordinary."""
    ordinary = True
    rough = ROUGH.search(name) is not None
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        kind = draw(st.sampled_from(KINDS))
        if kind == "numbers":
            ordinary = False
        if rough and kind in ("numbers", "integer", "shape"):
            continue
        change = CHANGES.get(kind)
        if change is not None:
            args, kwargs = change(draw, name, args, kwargs)
    return (args, kwargs), ordinary


def replaced(
    args: tuple[Any, ...], kwargs: dict[str, Any], which: int, make: Callable[[Given], Any]
) -> Arguments:
    """The arguments with one tensor changed."""
    count = -1

    def change(value: Any) -> Any:
        nonlocal count
        if isinstance(value, Given):
            count += 1
            return make(value) if count == which else value
        return value

    return changed(args, change), changed(kwargs, change)


def _one(draw: Draw, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    found = len(givens_in((args, kwargs)))
    return draw(st.integers(0, found - 1)) if found else -1


def _layout(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    layout = draw(st.sampled_from(LAYOUTS))
    return replaced(args, kwargs, _one(draw, args, kwargs), lambda g: g.laid_out(layout))


def _numbers(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    rng = np.random.default_rng(draw(seeds))
    mode = draw(st.sampled_from(("special", "special", "small")))

    def make(g: Given) -> Given:
        return Given(numbers_of(rng, g.dtype, g.numbers.shape, mode=mode), "plain", g.requires_grad)

    return replaced(args, kwargs, _one(draw, args, kwargs), make)


def converted(g: Given, dtype: str) -> Given:
    """The tensor in another type."""
    numbers = g.numbers
    with np.errstate(all="ignore"):
        if numbers.dtype.kind == "c" and np.dtype(dtype).kind != "c":
            numbers = numbers.real
        if numbers.dtype.kind == "f" and np.dtype(dtype).kind == "u":
            numbers = np.abs(numbers)
        return Given(np.ascontiguousarray(numbers.astype(dtype)), "plain", g.requires_grad)


def _dtype(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    dtype = draw(dtypes)
    return replaced(args, kwargs, _one(draw, args, kwargs), lambda g: converted(g, dtype))


def _all_dtypes(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    dtype = draw(dtypes)

    def change(value: Any) -> Any:
        return converted(value, dtype) if isinstance(value, Given) else value

    return changed(args, change), changed(kwargs, change)


def _shape(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    kind = draw(st.sampled_from(("first", "size one", "empty", "more", "fewer", "longer")))
    rng = np.random.default_rng(draw(seeds))

    def make(g: Given) -> Given:
        shape = list(g.numbers.shape)
        place = draw(st.integers(0, len(shape) - 1)) if shape else 0
        if kind == "more":
            shape.insert(place, draw(st.sampled_from((1, 2))))
        elif not shape:
            return g
        elif kind == "first":
            shape = shape[1:]
        elif kind == "fewer":
            del shape[place]
        else:
            shape[place] = {"size one": 1, "empty": 0, "longer": shape[place] + 1}[kind]
        if len(shape) > 6 or np.prod(shape) > 4096:
            return g
        low = g.numbers.dtype.kind in "ui"
        numbers = numbers_of(rng, g.dtype, tuple(shape))
        return Given(np.abs(numbers) % 2 if low else numbers, "plain", g.requires_grad)

    return replaced(args, kwargs, _one(draw, args, kwargs), make)


def _integers(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    places: list[Any] = [i for i, v in enumerate(args) if type(v) is int]
    return places + [k for k, v in kwargs.items() if type(v) is int]


def _with(args: tuple[Any, ...], kwargs: dict[str, Any], place: Any, value: Any) -> Arguments:
    if isinstance(place, int):
        return (*args[:place], value, *args[place + 1 :]), kwargs
    return args, {**kwargs, place: value}


def _dim(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    places = [
        k
        for k in kwargs
        if k in ("dim", "axis", "dim0", "dim1", "start_dim", "end_dim") and type(kwargs[k]) is int
    ]
    places += [i for i, v in enumerate(args) if i and type(v) is int]
    tensors = givens_in((args, kwargs))
    if not places or not tensors:
        return args, kwargs
    reach = max(tensors[0].numbers.ndim, 1)
    value = draw(st.sampled_from((-1, 0, -reach, reach - 1, reach, -reach - 1)))
    return _with(args, kwargs, draw(st.sampled_from(places)), value)


def _integer(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    places = _integers(args, kwargs)
    if not places:
        return args, kwargs
    return _with(args, kwargs, draw(st.sampled_from(places)), draw(st.sampled_from((-1, 0, 1, 2, 3, -2, 5))))


def _scalar(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    # Not in the place of an integer: a size of 2**31 takes all memory, in both modules.
    places = [i for i, v in enumerate(args) if isinstance(v, (Given, float, complex))]
    if not places or not givens_in(args):
        return args, kwargs
    return _with(args, kwargs, draw(st.sampled_from(places)), draw(scalars))


def _wrong(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    places = [*range(len(args)), *kwargs]
    if not places:
        return args, kwargs
    return _with(args, kwargs, draw(st.sampled_from(places)), draw(st.sampled_from(WRONG)))


def _fewer(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    if kwargs and draw(st.booleans()):
        gone = draw(st.sampled_from(sorted(kwargs)))
        return args, {k: v for k, v in kwargs.items() if k != gone}
    return args[:-1] if len(args) > 1 else args, kwargs


@functools.cache
def parameters(name: str) -> Sequence[str]:
    """torch's names of an operator's positional parameters, as PyTorch's own table has them."""
    function: Any = torch
    for part in name.split("."):
        function = getattr(function, part, None)
    try:
        written = get_testing_overrides().get(function)
    except TypeError:
        written = None
    if written is None:
        return ()
    found = []
    for parameter in inspect.signature(written).parameters.values():
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            break
        found.append(parameter.name)
    return found


def _keyword(draw: Draw, name: str, args: Any, kwargs: Any) -> Arguments:
    names = () if name.rpartition(".")[2] in POSITIONAL else parameters(name)
    if len(names) < len(args) or len(args) < 2:
        return args, kwargs
    first = draw(st.integers(1, len(args) - 1))
    moved = dict(zip(names[first : len(args)], args[first:], strict=False))
    if set(moved) & set(kwargs):
        return args, kwargs
    return args[:first], {**moved, **kwargs}


CHANGES: Final[dict[str, Callable[[Draw, str, Any, Any], Arguments]]] = {
    "layout": _layout,
    "numbers": _numbers,
    "dtype": _dtype,
    "all dtypes": _all_dtypes,
    "shape": _shape,
    "dim": _dim,
    "integer": _integer,
    "keyword": _keyword,
    "scalar": _scalar,
    "wrong": _wrong,
    "fewer": _fewer,
}
