"""Which arguments a transform is about: torch's `argnums`."""

from __future__ import annotations

from typing import Any

from telegrad_proto.errors import GradientError

Argnums = int | tuple[int, ...]


def positions(argnums: Argnums, count: int) -> tuple[int, ...]:
    """The chosen positions among so many arguments, counted from the front.

    Raises:
        GradientError: there is none, one stands twice, or is no integer: torch's text.
    """
    if not isinstance(argnums, (int, tuple)):
        raise GradientError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    found = tuple([_position(n, count) for n in (argnums if isinstance(argnums, tuple) else (argnums,))])
    if not found:
        raise GradientError("argnums must be non-empty")
    if len(set(found)) != len(found):
        raise GradientError(f"argnums elements must be unique, got {found}")
    return found


def _position(argnum: Any, count: int) -> int:
    if not isinstance(argnum, int):
        raise GradientError(f"argnum must be int, got: {type(argnum)}")
    if not -count <= argnum < count:
        raise GradientError(f"Got argnum={argnum}, but only {count} positional inputs")
    return argnum % count


def selected(args: tuple[Any, ...], argnums: Argnums) -> Any:
    """The chosen arguments: one as it is, several as a tuple."""
    found = tuple([args[i] for i in positions(argnums, len(args))])
    return found if isinstance(argnums, tuple) else found[0]


def replaced(args: tuple[Any, ...], argnums: Argnums, chosen: Any) -> tuple[Any, ...]:
    """The arguments with others in the chosen places."""
    made = list(args)
    news = chosen if isinstance(argnums, tuple) else (chosen,)
    for position, new in zip(positions(argnums, len(args)), news, strict=True):
        made[position] = new
    return tuple(made)
