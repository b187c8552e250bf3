"""How a command ends that cannot do what it was asked: with one line, and a status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from telegrad_proto.errors import TelegradError


@contextmanager
def said() -> Iterator[None]:
    """Errors of the block as one line on stderr and exit status 1; text that is none, in an argument or a
    file, is such an error too.
    """
    try:
        yield
    except (TelegradError, OSError, UnicodeError) as error:
        print(f"telegrad: {type(error).__name__}: {error}", file=sys.stderr)
        raise SystemExit(1) from None
