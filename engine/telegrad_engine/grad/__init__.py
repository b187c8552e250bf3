"""Backward passes as graph-to-graph transformations."""
