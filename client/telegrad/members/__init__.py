"""What `Tensor` has beyond torch's functions: operators, indexing, looking, methods of its own."""
