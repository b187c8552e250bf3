"""Tensors out of numbers and arrays: element types, constants, ranges, keys of random draws."""
