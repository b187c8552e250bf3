"""torch's functions, composed of primitives; each family registers its own with `recording.registry`."""

from __future__ import annotations

from telegrad.functions import arithmetic as arithmetic
from telegrad.functions import arranging as arranging
from telegrad.functions import calculus as calculus
from telegrad.functions import chains as chains
from telegrad.functions import comparison as comparison
from telegrad.functions import complexes as complexes
from telegrad.functions import contraction as contraction
from telegrad.functions import counting as counting
from telegrad.functions import einsum as einsum
from telegrad.functions import exponents as exponents
from telegrad.functions import joining as joining
from telegrad.functions import norms as norms
from telegrad.functions import pieces as pieces
from telegrad.functions import pointwise as pointwise
from telegrad.functions import queries as queries
from telegrad.functions import reduction as reduction
from telegrad.functions import sampling as sampling
from telegrad.functions import scan as scan
from telegrad.functions import scattering as scattering
from telegrad.functions import selection as selection
from telegrad.functions import shape as shape
from telegrad.functions import signal as signal
from telegrad.functions import sorting as sorting
from telegrad.functions import synthesis as synthesis
from telegrad.functions import turning as turning
