"""Special functions that belong to an array module: SciPy's for NumPy, CuPy's own for CuPy."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def special(xp: Any) -> ModuleType:
    """The module of special functions that works on `xp`'s arrays."""
    if xp.__name__ == "numpy":
        import scipy.special  # late: the slowest import of the engine, and many graphs need none of it

        return scipy.special  # type: ignore[no-any-return]
    import cupyx.scipy.special  # late: optional, and only on a GPU

    return cupyx.scipy.special  # type: ignore[no-any-return]
