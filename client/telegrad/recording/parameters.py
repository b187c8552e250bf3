"""What a torch function's parameters take, by their annotations: torch's parser is as strict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from telegrad.tensor import Tensor
from telegrad_proto.dtypes import DType


class Check(NamedTuple):
    """What one parameter takes.

    Attributes:
        position: its place among the positional ones.
        name: its name.
        types: classes of which every object will do.
        fits: whether an object of another class will do.
        wanted: torch's word for what is taken.
    """

    position: int
    name: str
    types: frozenset[type]
    fits: Callable[[Any], bool]
    wanted: str


def _is_integer(value: Any) -> bool:
    """torch takes 0-d integer tensors for integers, and no bool."""
    if isinstance(value, Tensor):
        return not value.ndim and value.dtype.kind in "iu"
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_real(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value.ndim and value.dtype.kind != "c"
    return isinstance(value, (int, float, np.number)) and not isinstance(value, np.complexfloating)


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex, np.number, np.bool_)) or (
        isinstance(value, Tensor) and not value.ndim
    )


def _are_integers(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(type(item) is int or _is_integer(item) for item in value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, np.bool_)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _is_element_type(value: Any) -> bool:
    return isinstance(value, (DType, type))


def _never(value: Any) -> bool:
    return False


def _is_integer_or_integers(value: Any) -> bool:
    return _is_integer(value) or _are_integers(value)


def _are_tensors(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, Tensor) for item in value)


#: By annotation: classes of which every object will do, whether another does, torch's word.
KINDS: Final[dict[str, tuple[tuple[type, ...], Callable[[Any], bool], str]]] = {
    "int": ((int,), _is_integer, "int"),
    "bool": ((bool,), _is_bool, "bool"),
    "builtins.bool": ((bool,), _is_bool, "bool"),
    "float": ((float, int), _is_real, "float"),
    "Number": ((float, int), _is_number, "Number"),
    "str": ((str,), _never, "str"),
    "Dims": ((int, type(None)), _is_integer_or_integers, "tuple of ints"),
    "Sizes": ((int, type(None)), _is_integer_or_integers, "tuple of ints"),
    "Sequence[int]": ((), _are_integers, "tuple of ints"),
    "int | Sequence[int]": ((int,), _is_integer_or_integers, "tuple of ints"),
    "Sequence[Tensor]": ((), _are_tensors, "tuple of Tensors"),
    "Tensor": ((), _is_tensor, "Tensor"),
    "DType": ((DType,), _is_element_type, "torch.dtype"),
}

_OPTIONAL: Final = " | None"


def check_of(position: int, name: str, annotation: Any) -> Check | None:
    """How an argument of a parameter with this annotation is checked; None where everything will do."""
    text = annotation if isinstance(annotation, str) else ""
    kind = KINDS.get(text.removesuffix(_OPTIONAL))
    if kind is None:
        return None
    types, fits, wanted = kind
    if text.endswith(_OPTIONAL):
        types = (*types, type(None))
    return Check(position, name, frozenset(types), fits, wanted)


#: The place of a parameter that takes no positional argument.
NOWHERE: Final = 1 << 20


def checks_of(
    names: Iterable[str], annotations: dict[str, Any], passed_over: Iterable[int], *, positional: int
) -> tuple[Check, ...]:
    """How the arguments of a function's parameters are checked.

    Args:
        names: all parameters, those that take positional arguments first.
        annotations: what is written at them.
        passed_over: places of those that are checked elsewhere.
        positional: how many take positional arguments.
    """
    gone = set(passed_over)
    found = (
        check_of(i if i < positional else NOWHERE, name, annotations.get(name))
        for i, name in enumerate(names)
        if i not in gone
    )
    return tuple(check for check in found if check is not None)


def misfit(public: str, check: Check, given: object, *, named: bool) -> TypeError:
    """The error for an argument that its parameter does not take, in torch's words."""
    place = "" if named else f" (position {check.position + 1})"
    return TypeError(
        f"{public}(): argument '{check.name}'{place} must be {check.wanted}, not {kind_of(given)}"
    )


def kind_of(given: object) -> str:
    """What an argument is, as torch's errors say it."""
    if isinstance(given, (list, tuple)) and given:
        return f"{type(given).__name__} of {type(given[0]).__name__}"
    return type(given).__name__
