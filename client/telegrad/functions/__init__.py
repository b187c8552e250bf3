"""torch's functions, composed of primitives; each family registers its own with `telegrad.registry`."""

from __future__ import annotations

from telegrad.functions import (
    arithmetic as arithmetic,
    comparison as comparison,
    norms as norms,
    pointwise as pointwise,
    reduction as reduction,
)
