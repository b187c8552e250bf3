"""torch's functions, composed of primitives; each family registers its own with `telegrad.registry`."""

from __future__ import annotations

from telegrad.functions import (
    arithmetic as arithmetic,
    calculus as calculus,
    scan as scan,
    sorting as sorting,
)
from telegrad.functions import (
    arranging as arranging,
)
from telegrad.functions import (
    comparison as comparison,
)
from telegrad.functions import (
    contraction as contraction,
)
from telegrad.functions import (
    einsum as einsum,
)
from telegrad.functions import (
    joining as joining,
)
from telegrad.functions import (
    norms as norms,
)
from telegrad.functions import (
    pieces as pieces,
)
from telegrad.functions import (
    pointwise as pointwise,
)
from telegrad.functions import (
    reduction as reduction,
)
from telegrad.functions import (
    selection as selection,
)
from telegrad.functions import (
    shape as shape,
)
