"""Bars for what takes long: in a notebook its own, in a terminal a line."""

from __future__ import annotations

import sys
from typing import Any


class Bars:
    """Shows waits and large transfers through tqdm, once they have lasted long enough to be worth a line.

    Only where somebody looks: in a notebook, or where the error stream is a terminal. A log gets no bars.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._verb = ""

    def waiting(self, elapsed_s: float) -> None:
        """An outcome has been waited for this long."""
        if not _watched():
            return
        if self._bar is None or self._verb != "wait":
            self._start("wait", total=None, bar_format="telegrad: computing, {elapsed}")
            self._bar.start_t -= elapsed_s
        self._bar.refresh()

    def bulk(self, verb: str, done_bytes: int, total_bytes: int) -> None:
        """So much of a large array has travelled."""
        if not _watched():
            return
        if self._bar is None or self._verb != verb:
            self._start(
                verb,
                total=total_bytes,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                desc=f"telegrad: {verb}",
            )
        self._bar.update(done_bytes - self._bar.n)

    def finished(self) -> None:
        """What was waited for is there, or given up."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _start(self, verb: str, **options: Any) -> None:
        self.finished()
        self._bar = _tqdm()(leave=False, file=sys.stderr, **options)
        self._verb = verb


def _watched() -> bool:
    return "ipykernel" in sys.modules or sys.stderr.isatty()


def _tqdm() -> Any:
    # Late: most programs never show a bar, and the notebook's kind takes long to import.
    if "ipykernel" in sys.modules and "ipywidgets" in sys.modules:
        from tqdm.notebook import tqdm as notebook_bar

        return notebook_bar
    from tqdm import tqdm

    return tqdm
