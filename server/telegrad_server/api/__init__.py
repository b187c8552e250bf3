"""The gRPC side of the service: what is the same in a worker and in a gateway."""
