"""Tensors in the hands of other libraries."""
