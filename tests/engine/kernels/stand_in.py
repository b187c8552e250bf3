"""NumPy under another name: kernels that ask which array module they have take the path for the other one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np


class StandIn(ModuleType):
    """Gives NumPy's functions, and is not NumPy."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


other: Any = StandIn("stand_in")
