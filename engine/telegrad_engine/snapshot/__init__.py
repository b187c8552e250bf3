"""A session as it is at a moment, apart from its place: what a store keeps, and a session made of that again.

Everything that a plan's choice depends on is kept, which arrays are in memory too: what is computed
afterwards is bit for bit what it would have been.
"""
