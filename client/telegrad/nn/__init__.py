"""torch.nn: neural networks, of which the functions are here."""

from __future__ import annotations

from telegrad.nn import functional as functional
