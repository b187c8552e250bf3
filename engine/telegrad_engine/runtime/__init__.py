"""Plans become arrays here: the backend, the executor, the store of payloads."""
