"""A function's graph as a thing of its own: recorded once, saved, called anywhere."""

from __future__ import annotations

from telegrad.program.program import Program as Program
from telegrad.program.program import load_program as load_program
