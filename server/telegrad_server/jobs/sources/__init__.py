"""What rows are read from: a module a format, all with the same two functions' worth of behaviour.

A source splits a file into ranges without reading its values, and reads a range's columns in batches.
"""

from __future__ import annotations

from telegrad_server.jobs.sources.base import Batch, Source, source_of

__all__ = ["Batch", "Source", "source_of"]
