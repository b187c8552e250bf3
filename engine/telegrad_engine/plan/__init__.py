"""From wanted values to a flat list of steps: selection, simplification, liveness, the cache of plans."""
