"""Small programs that must do under telegrad what they do under torch: what they print, what they raise.

Each file holds a program, a line, and what the program prints with `torch` bound to PyTorch 2.13 itself.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Final

FOLDER: Final = Path(__file__).parent
_LINE: Final = "-" * 20 + "\n"


def read(path: Path) -> tuple[str, str]:
    """The program and what it is to print."""
    program, _, expected = path.read_text("utf-8").partition(_LINE)
    return program, expected


def write(path: Path, program: str, expected: str) -> None:
    """Keeps a program and what it printed."""
    path.write_text(program + _LINE + expected, "utf-8")


def output_of(program: str, module: ModuleType) -> str:
    """What a program prints where `torch` is this module; an error that it does not catch ends it."""
    printed = io.StringIO()
    module.set_grad_enabled(True)
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")  # torch deprecates; that is not what is compared
        try:
            exec(compile(program, "<program>", "exec"), {"torch": module})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is part of what the program does
            print("ended by:", error)
        finally:
            module.set_grad_enabled(True)
    return re.sub(r"0x[0-9a-f]+", "0x", printed.getvalue())
