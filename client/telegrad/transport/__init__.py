"""How fragments reach an engine: in this process, or through gRPC."""
