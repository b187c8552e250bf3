"""A worker: the gRPC service straight on the engine, in one process for one device."""
