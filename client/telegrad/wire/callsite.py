"""Where in the user's code something was asked for."""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType
from typing import Final

import telegrad_proto

#: This package, and the batching rules, which call back into it.
_PACKAGES: Final = (
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    os.path.dirname(os.path.abspath(telegrad_proto.__file__)) + os.sep,
)

#: A line, as cheaply as it can be remembered: the code object and the offset of its instruction.
Site = tuple[CodeType, int]


class _Ours(dict[str, bool]):
    """Whether a file belongs to this package; remembered, since it is asked for every recorded operator."""

    def __missing__(self, filename: str) -> bool:
        found = self[filename] = filename.startswith(_PACKAGES)
        return found


OURS: Final = _Ours()


def user_frame(depth: int = 1) -> FrameType | None:
    """The innermost frame outside this package."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and OURS[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


def here() -> Site | None:
    """The user's line that is being executed; None at the end of a notebook's cell."""
    frame = user_frame(2)
    if frame is not None and str(frame.f_globals.get("__name__")).startswith("IPython."):
        # IPython shows what a cell's last line gave, or the cell has ended and no line of it is left.
        while frame is not None and _cell_number(frame.f_code.co_filename) is None:
            frame = frame.f_back
    return None if frame is None else (frame.f_code, frame.f_lasti)


def line_of(site: Site) -> int:
    """The line number of a site."""
    code, instruction = site
    number = code.co_firstlineno
    for start, stop, line in code.co_lines():
        if line is not None and start <= instruction < stop:
            number = line
    return number


def describe(site: Site) -> str:
    """A site for people: `file.py:12`, or `cell 3, line 2` in a notebook."""
    filename, number = site[0].co_filename, line_of(site)
    cell = _cell_number(filename)
    if cell is not None:
        return f"cell {cell}, line {number}"
    return f"{filename}:{number}"


def source(site: Site) -> str:
    """The text of the line; empty where it is not to be had."""
    import linecache  # only errors and explain() want it

    return linecache.getline(site[0].co_filename, line_of(site)).strip()


def _cell_number(filename: str) -> int | None:
    """The number of the notebook cell that a compiled file name stands for."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    if running is None:
        return None
    numbers: dict[str, int] = getattr(running.compile, "_filename_map", {})
    return numbers.get(filename)
