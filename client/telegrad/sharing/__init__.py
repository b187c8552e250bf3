"""Tensors that share memory: views, what is detached, and writing in place."""
