"""telegrad."""
