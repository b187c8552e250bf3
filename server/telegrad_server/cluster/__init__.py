"""Everything that knows Ray.

Ray starts, places and restarts the workers; no session's message passes through it.
"""
