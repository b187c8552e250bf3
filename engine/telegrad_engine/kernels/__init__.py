"""Long kernels, written once over an array module `xp` (NumPy or CuPy)."""
